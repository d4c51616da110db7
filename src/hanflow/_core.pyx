# cython: language_level=3, freethreading_compatible=True, boundscheck=False, wraparound=False, auto_pickle=False, autotestdict=False
"""Signature sheet of the C++ core: views in, a call without the GIL, objects out. Decides nothing."""
from cpython.bytearray cimport PyByteArray_AS_STRING
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.pycapsule cimport PyCapsule_Destructor, PyCapsule_GetPointer, PyCapsule_New
from cpython.unicode cimport PyUnicode_AsEncodedString, PyUnicode_AsUTF8String, PyUnicode_DecodeUTF8
cimport cython
from libc.errno cimport ENOMEM
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcpy, memset
from libcpp cimport bool as cbool
from libcpp.vector cimport vector

from ._errors import check_type
from ._explain import RULES as _RULES, Repair


cdef extern from "Python.h":
    bint PyUnicode_IS_ASCII(object text)
    void* PyUnicode_DATA(object text)
    Py_ssize_t PyUnicode_GET_LENGTH(object text)
    int PyUnicode_KIND(object text)
    int PyUnicode_READY "__Pyx_PyUnicode_READY"(object text) except -1
    object PyUnicode_FromObject(object text)
    object PyUnicode_New(Py_ssize_t size, Py_UCS4 maxchar)
    Py_ssize_t PY_SSIZE_T_MAX
    object PyUnicode_Substring(object text, Py_ssize_t begin, Py_ssize_t end)


cdef extern from "hanflow/api.hpp" namespace "hanflow" nogil:
    cdef enum class Rule(uint8_t):
        vertical
        unwrap
    cdef enum class Width(uint8_t):
        pass
    cdef enum class Spacing(uint8_t):
        pass
    cdef enum class LatinGap(uint8_t):
        pass
    cdef enum class Invalid(uint8_t):
        reject
        preserve
        surrogates
    cdef enum class Status(uint8_t):
        ok
        invalid_utf8
        out_of_memory
        closed

    cdef struct Options:
        cbool compat
        Width width
        Spacing spacing
        LatinGap latin_gap
        cbool vertical
        cbool unwrap
        uint8_t min_confidence

    cdef struct Edit:
        size_t begin
        size_t end
        uint32_t text
        uint32_t text_size
        Rule rule
        uint8_t confidence
        uint16_t count
        uint32_t reasons

    cdef struct Plan:
        Status status
        cbool changed
        size_t size
        size_t error_begin
        size_t error_end
        const char* error_reason
        const Edit* edits
        size_t edit_count
        const char* texts
        size_t settled

    cdef struct Extent:
        size_t length
        uint32_t greatest

    Extent extent_of(const uint8_t* data, size_t size) noexcept

    cdef cppclass Engine:
        Plan plan(const uint8_t* data, size_t size, const Options& options, Invalid invalid, cbool trace) noexcept
        Plan plan_units(const void* units, size_t length, int unit_bytes, const Options& options) noexcept
        Extent extent() noexcept
        void emit(uint8_t* out) noexcept
        void emit_units(void* out, int unit_bytes) noexcept

    cdef cppclass Stream:
        Stream(const Options& options, Invalid invalid, cbool trace) except +
        Plan feed(const uint8_t* data, size_t size, cbool last) noexcept
        const uint8_t* output() noexcept

    const char* cpu_path() noexcept
    const char* cpu_path(size_t i) noexcept


cdef extern from "hanflow/alignment.hpp" namespace "hanflow" nogil:
    cdef cppclass AlignmentTable:
        bint build(const uint8_t* data, size_t size, const Plan& plan, bint code_points) noexcept
        const vector[int64_t]& runs() noexcept
        const vector[int64_t]& moved() noexcept
        const vector[int64_t]& spans() noexcept

    void spread_runs(const int64_t* here, const int64_t* there, size_t count, int64_t* out) noexcept


cdef extern from "hanflow/reasons.hpp" namespace "hanflow::reasons" nogil:
    const char* reason_text "hanflow::reasons::text"(Rule rule, size_t k) noexcept
    bint is_for(Rule rule, size_t k) noexcept


cdef extern from "hanflow/python_engine.hpp" namespace "hanflow" nogil:
    cdef cppclass EnginePool:
        Engine* take() noexcept
        void give_back(Engine* engine) noexcept

    cdef cppclass Turn:
        bint take() noexcept
        void give_back() noexcept


cdef extern from "hanflow/batch.hpp" namespace "hanflow" nogil:
    cdef enum class Fault(uint8_t):
        none
        invalid_utf8
        out_of_memory
        too_large
        malformed

    const size_t NO_ROW

    cdef struct Failure:
        Fault fault
        size_t index
        size_t begin
        size_t end
        const char* reason

    cdef cppclass BatchItem "hanflow::TextBatch::Item":
        const void* data
        size_t size
        bint changed
        size_t out_size
        Extent extent

    cdef cppclass TextBatch:
        TextBatch(EnginePool& pool, unsigned threads) except +
        void clear() noexcept
        size_t count() noexcept
        size_t input_size() noexcept
        const BatchItem& item(size_t i) noexcept
        const uint8_t* result(size_t i) noexcept
        bint add(const uint8_t* data, size_t size, Invalid invalid) noexcept
        bint add_units(const void* units, size_t length, int unit_bytes) noexcept
        Failure run(const Options& options) noexcept


cdef extern from "hanflow/arrow.hpp" nogil:
    ctypedef struct CSchema "ArrowSchema":
        const char* format
        int64_t n_children
        void (*release)(CSchema*) noexcept nogil

    ctypedef struct CArray "ArrowArray":
        int64_t length
        void (*release)(CArray*) noexcept nogil

    ctypedef struct CStream "ArrowArrayStream":
        int (*get_schema)(CStream*, CSchema*) noexcept nogil
        int (*get_next)(CStream*, CArray*) noexcept nogil
        const char* (*get_last_error)(CStream*) noexcept nogil
        void (*release)(CStream*) noexcept nogil


cdef extern from "hanflow/arrow.hpp" namespace "hanflow" nogil:
    cdef enum class TextType(uint8_t):
        none

    cdef struct Row:
        const uint8_t* data
        size_t size

    cdef cppclass SharedArray:
        CArray held
        @staticmethod
        SharedArray* take(CArray& array) noexcept
        void drop() noexcept

    bint text_row(const CArray& array, TextType type, size_t i, Row& row) noexcept

    cdef cppclass Column:
        @staticmethod
        Column* make(CSchema& schema) noexcept
        Column* like() noexcept
        void drop() noexcept
        TextType type() noexcept
        const char* format() noexcept
        int64_t children() noexcept
        bint has_dictionary() noexcept
        size_t chunks() noexcept
        SharedArray& chunk(size_t i) noexcept
        Failure add_repaired(SharedArray& array, EnginePool& pool, const Options& options, Invalid invalid,
                             unsigned threads) noexcept
        Failure add_replaced(SharedArray& array, EnginePool& pool, const Row* texts) noexcept
        void export_schema(CSchema* out) noexcept
        void export_chunk(size_t chunk, CArray* out) noexcept
        bint export_stream(CStream* out) noexcept


cdef enum:
    RULE_COUNT = 5


cdef extern from "hanflow/opencc.hpp" namespace "hanflow" nogil:
    cdef enum class Units(uint8_t):
        pass

    cdef struct Stretch:
        size_t begin
        size_t end

    cdef cppclass CTable "hanflow::OpenccTable":
        CTable() except +
        void add_trigger(uint32_t cp) noexcept
        void add_key(uint32_t cp) noexcept
        bint find(const void* text, size_t size, Units units, size_t longest, vector[Stretch]& out) noexcept

    cdef struct OpenccText:
        const char* text
        size_t size
        char* result

    ctypedef char* (*OpenccConvert)(void*, const char*, size_t) noexcept nogil
    ctypedef void (*OpenccRelease)(char*) noexcept nogil

    cdef struct CLibrary "hanflow::OpenccLibrary":
        OpenccConvert convert
        OpenccRelease release
        void* handle

    bint opencc_convert(const CLibrary& library, OpenccText* texts, size_t count) noexcept


# A batch is run in groups of about this much input, so that its memory is bounded and the GIL changes hands seldom: each thread
# shall have so much to do that its start and the wait for the last one don't count.
cdef enum:
    GROUP_BYTES = 1 << 20
    THREAD_GROUP_BYTES = 1 << 22
    MAX_GROUP_THREADS = 8
    GROUP_ITEMS = 1 << 14


# A text of fewer code points or bytes than this takes less time than other threads would need to take the GIL.
cdef enum:
    HELD = 1 << 10


def cpu():
    """The name of the CPU path in use, decided once: "icelake", "haswell", "neon" or "portable"."""
    return cpu_path().decode("ascii")


def cpu_paths():
    """The names of the CPU paths that this CPU can run, the best first."""
    names = []
    while cpu_path(len(names)) is not NULL:
        names.append(cpu_path(len(names)).decode("ascii"))
    return names


@cython.final
cdef class View:
    """UTF-8 of a str or of a bytes-like object, which stays as it is.

    Only a str's own memory and that of exact bytes are borrowed. All else is copied while the GIL is held: a read-only view too
    may be of memory that somebody writes into while the core reads it.
    """
    cdef readonly object owner  # of the memory that is read
    cdef const uint8_t* data
    cdef size_t size
    cdef Invalid invalid

    def __cinit__(self, source, bint preserve):
        cdef bytes raw
        self.invalid = Invalid.preserve if preserve else Invalid.reject
        if isinstance(source, str):
            PyUnicode_READY(source)
            self.invalid = Invalid.reject
            if PyUnicode_IS_ASCII(source):
                self.owner = source
                self.data = <const uint8_t*>PyUnicode_DATA(source)
                self.size = <size_t>PyUnicode_GET_LENGTH(source)
                return
            # Not its encode(): a subclass may have another.
            try:
                raw = PyUnicode_AsUTF8String(source)
            except UnicodeEncodeError:
                raw = PyUnicode_AsEncodedString(source, b"utf-8", b"surrogatepass")
                self.invalid = Invalid.surrogates
        elif type(source) is bytes:
            raw = source
        elif isinstance(source, bytes):
            raw = PyBytes_FromStringAndSize(PyBytes_AS_STRING(source), PyBytes_GET_SIZE(source))
        else:
            items = memoryview(source)
            if items.itemsize != 1:
                raise TypeError("no text in UTF-8")  # check_type() says it in words
            raw = bytes(items)
        self.owner = raw
        self.data = <const uint8_t*>PyBytes_AS_STRING(raw)
        self.size = <size_t>PyBytes_GET_SIZE(raw)

    cdef object same(self, source):
        """The source itself where it is immutable and of the exact type, else its plain copy."""
        return PyUnicode_FromObject(source) if isinstance(source, str) else self.owner


cdef object undecodable(bytes data, size_t begin, size_t end, const char* reason):
    return UnicodeDecodeError("utf-8", data, begin, end, reason.decode("ascii"))


cdef object failure(const Plan& plan, const uint8_t* data, size_t size):
    if plan.status == Status.out_of_memory:
        return MemoryError()
    text = PyBytes_FromStringAndSize(<const char*>data, <Py_ssize_t>size)
    return undecodable(text, plan.error_begin, plan.error_end, plan.error_reason)


cdef inline object decoded(const char* data, size_t size, Invalid invalid):
    cdef const char* errors = NULL
    if invalid == Invalid.surrogates:
        errors = b"surrogatepass"
    elif invalid == Invalid.preserve:
        errors = b"surrogateescape"
    return PyUnicode_DecodeUTF8(data, <Py_ssize_t>size, errors)


cdef str taken_text(Engine* engine, bint hold):
    """The changed result of an engine as a str. hold: it is short, the GIL is not released."""
    cdef Extent extent
    cdef str result
    cdef void* out
    cdef int kind
    if hold:
        extent = engine.extent()
    else:
        with nogil:
            extent = engine.extent()
    result = PyUnicode_New(<Py_ssize_t>extent.length, extent.greatest)
    out, kind = PyUnicode_DATA(result), PyUnicode_KIND(result)
    if hold:
        engine.emit_units(out, kind)
    else:
        with nogil:
            engine.emit_units(out, kind)
    return result


cdef bytes taken_data(Engine* engine, size_t size):
    """... as bytes, of which it has so many."""
    cdef bytes result = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>size)
    cdef uint8_t* out = <uint8_t*>PyBytes_AS_STRING(result)
    if size < HELD:
        engine.emit(out)
    else:
        with nogil:
            engine.emit(out)
    return result


cdef object taken_from_utf8(Engine* engine, size_t size, Invalid invalid):
    """... as a str, where the text came as UTF-8."""
    cdef bytes result = taken_data(engine, size)
    return decoded(PyBytes_AS_STRING(result), size, invalid)


cdef bytes numbers(const vector[int64_t]& values):
    return PyBytes_FromStringAndSize(<const char*>values.data(), <Py_ssize_t>(values.size() * sizeof(int64_t)))


cdef str evidence_of(const Edit* edit, dict known):
    """The reasons in words. known: those of other edits."""
    cdef size_t k = 0
    cdef uint64_t key = (<uint64_t>edit.reasons << 17) | (<uint64_t>edit.count << 1) | (edit.rule == Rule.vertical or edit.rule == Rule.unwrap)
    found = known.get(key)
    if found is None:
        spoken = [], []
        while reason_text(edit.rule, k) is not NULL:
            if edit.reasons >> k & 1:
                spoken[0 if is_for(edit.rule, k) else 1].append(reason_text(edit.rule, k).decode("ascii"))
            k += 1
        found = "; although ".join(", ".join(part) for part in spoken if part).replace("{n}", str(edit.count))
        known[key] = found
    return found


cdef object new_tuple = tuple.__new__  # that of Repair would go through Python code


@cython.final
cdef class Core:
    """Immutable; may be shared between threads. The enumerations are numbers in the order of api.hpp."""
    cdef Options options
    cdef EnginePool pool

    def __cinit__(self, bint compat, int width, int spacing, int latin_gap, bint vertical, bint unwrap, int min_confidence):
        self.options.compat = compat
        self.options.width = <Width>width
        self.options.spacing = <Spacing>spacing
        self.options.latin_gap = <LatinGap>latin_gap
        self.options.vertical = vertical
        self.options.unwrap = unwrap
        self.options.min_confidence = <uint8_t>min_confidence

    cdef Engine* take(self) except NULL:
        cdef Engine* engine = self.pool.take()
        if engine is NULL:
            raise MemoryError()
        return engine

    cdef object text(self, str source):
        """The repaired str; the same object if nothing is to repair."""
        PyUnicode_READY(source)
        cdef Engine* engine = self.take()
        cdef Plan plan
        cdef const void* units = PyUnicode_DATA(source)
        cdef size_t length = <size_t>PyUnicode_GET_LENGTH(source)
        cdef int kind = PyUnicode_KIND(source)
        try:
            if length < HELD:
                plan = engine.plan_units(units, length, kind, self.options)
            else:
                with nogil:
                    plan = engine.plan_units(units, length, kind, self.options)
            if plan.status != Status.ok:
                raise MemoryError()
            if not plan.changed:
                return source if type(source) is str else PyUnicode_FromObject(source)
            return taken_text(engine, length < HELD)
        finally:
            self.pool.give_back(engine)

    cdef object data(self, source, bint preserve):
        """The repaired UTF-8 of bytes-like data; the same object if it is of type bytes and nothing is to repair."""
        cdef View view = None  # costs as much as a short text: bytes do without
        cdef const uint8_t* given
        cdef size_t size
        cdef Invalid invalid
        cdef Engine* engine
        cdef Plan plan
        if type(source) is bytes:
            given = <const uint8_t*>PyBytes_AS_STRING(source)
            size = <size_t>PyBytes_GET_SIZE(source)
            invalid = Invalid.preserve if preserve else Invalid.reject
        else:
            view = View(source, preserve)
            given, size, invalid = view.data, view.size, view.invalid
        engine = self.take()
        try:
            if size < HELD:
                plan = engine.plan(given, size, self.options, invalid, False)
            else:
                with nogil:
                    plan = engine.plan(given, size, self.options, invalid, False)
            if plan.status != Status.ok:
                raise failure(plan, given, size)
            if not plan.changed:
                return source if view is None else view.same(source)
            return taken_data(engine, plan.size)
        finally:
            self.pool.give_back(engine)

    def counted(self, source, bint preserve):
        """(result, [repairs of each rule, in the order of api.hpp]) of a str or bytes-like UTF-8; the result as in text() or
        data()."""
        cdef View view = View(source, preserve)
        cdef Engine* engine = self.take()
        cdef Plan plan
        cdef size_t[RULE_COUNT] counts
        cdef size_t i
        try:
            with nogil:
                plan = engine.plan(view.data, view.size, self.options, view.invalid, True)
                memset(counts, 0, sizeof(counts))
                for i in range(plan.edit_count):
                    counts[<size_t>plan.edits[i].rule] += 1
            if plan.status != Status.ok:
                raise failure(plan, view.data, view.size)
            if not plan.changed:
                result = view.same(source)
            elif isinstance(source, str):
                result = taken_from_utf8(engine, plan.size, view.invalid)
            else:
                result = taken_data(engine, plan.size)
            return result, [counts[i] for i in range(RULE_COUNT)]
        finally:
            self.pool.give_back(engine)

    def batch(self, tuple items not None, bint preserve, unsigned threads):
        """A tuple of str, bytes-like objects and None -> the list of their results, with at most so many threads. If one fails,
        the error of the first that does has its place in the tuple as the attribute `batch_index`."""
        cdef Failure failed
        cdef size_t group_bytes = GROUP_BYTES if threads == 1 else THREAD_GROUP_BYTES * min(threads, <unsigned>MAX_GROUP_THREADS)
        cdef size_t group_items = GROUP_ITEMS * min(threads, <unsigned>MAX_GROUP_THREADS)
        cdef Py_ssize_t total = len(items), at = 0, next, i
        cdef list out = [None] * total
        cdef list kept = []  # what holds the texts of a group, where the items themselves don't
        cdef const BatchItem* item
        cdef TextBatch* batch = new TextBatch(self.pool, threads)
        try:
            while at < total:
                batch.clear()
                kept.clear()
                next = at
                while next < total and batch.input_size() < group_bytes and batch.count() < group_items:
                    add_to_batch(batch, items[next], preserve, kept)
                    next += 1
                with nogil:
                    failed = batch.run(self.options)
                if failed.fault == Fault.out_of_memory:
                    raise MemoryError()
                if failed.fault != Fault.none:
                    item = &batch.item(failed.index)
                    error = undecodable(PyBytes_FromStringAndSize(<const char*>item.data, <Py_ssize_t>item.size), failed.begin,
                                        failed.end, failed.reason)
                    error.batch_index = at + <Py_ssize_t>failed.index
                    raise error
                for i in range(next - at):
                    out[at + i] = batch_result(batch, i, items[at + i])
                at = next
            return out
        finally:
            del batch

    def arrow_array(self, object schema not None, object array not None, bint preserve, unsigned threads, convert):
        """The capsules of an Arrow array of text -> ArrowArray. convert: what else is done to the texts of a chunk, or None."""
        cdef CArray* source = <CArray*>PyCapsule_GetPointer(array, "arrow_array")
        cdef ArrowColumn column = ArrowArray.__new__(ArrowArray)
        column.open(<CSchema*>PyCapsule_GetPointer(schema, "arrow_schema"))
        if source.release is NULL:
            raise ValueError("the Arrow array has been released")
        self.add_chunk(column, source, 0, preserve, threads)
        return column if convert is None else self.converted(column, convert)

    def arrow_stream(self, object stream not None, bint preserve, unsigned threads, convert):
        """The capsule of an Arrow stream of text arrays -> ArrowStream; the rest as in arrow_array()."""
        cdef CStream* given = <CStream*>PyCapsule_GetPointer(stream, "arrow_array_stream")
        cdef CStream source
        if given.release is NULL:
            raise ValueError("the Arrow stream has been released")
        # Moved out before the GIL is released: another thread that has the capsule too finds a stream that is released.
        source = given[0]
        given.release = NULL
        try:
            if source.get_schema is NULL or source.get_next is NULL or source.get_last_error is NULL:
                raise ValueError("the Arrow stream is malformed: it lacks a function")
            return self.read_stream(&source, preserve, threads, convert)
        finally:
            with nogil:
                source.release(&source)

    cdef ArrowColumn read_stream(self, CStream* source, bint preserve, unsigned threads, convert):
        cdef ArrowColumn column = ArrowStream.__new__(ArrowStream)
        cdef CSchema schema
        cdef CArray array
        cdef int code
        cdef int64_t rows = 0, length
        memset(&schema, 0, sizeof(schema))
        with nogil:
            code = source.get_schema(source, &schema)
        if code:
            raise stream_error(source, code)
        try:
            column.open(&schema)
        finally:
            if schema.release is not NULL:
                schema.release(&schema)
        while True:
            memset(&array, 0, sizeof(array))
            with nogil:
                code = source.get_next(source, &array)
            if code:
                raise stream_error(source, code)
            if array.release is NULL:
                break
            length = array.length
            self.add_chunk(column, &array, rows, preserve, threads)
            rows += length
        return column if convert is None else self.converted(column, convert)

    cdef int add_chunk(self, ArrowColumn column, CArray* array, int64_t rows, bint preserve, unsigned threads) except -1:
        """Takes the array over and adds what it becomes. rows: how many stand before it in the column."""
        cdef Invalid invalid = Invalid.preserve if preserve else Invalid.reject
        cdef Failure failed
        cdef Row row
        cdef SharedArray* input = SharedArray.take(array[0])
        if input is NULL:
            array.release(array)
            raise MemoryError()
        try:
            with nogil:
                failed = column.column.add_repaired(input[0], self.pool, self.options, invalid, threads)
            if failed.fault == Fault.invalid_utf8:
                text_row(input.held, column.column.type(), failed.index, row)
                error = undecodable(PyBytes_FromStringAndSize(<const char*>row.data, <Py_ssize_t>row.size), failed.begin,
                                    failed.end, failed.reason)
                error.arrow_row = rows + <int64_t>failed.index
                raise error
            check_arrow(failed, rows)
        finally:
            with nogil:
                input.drop()
        return 0

    cdef ArrowColumn converted(self, ArrowColumn source, convert):
        """The column with convert() done to the texts of each chunk."""
        cdef ArrowColumn column = type(source).__new__(type(source))
        cdef SharedArray* chunk
        cdef Row* texts
        cdef Row row
        cdef Failure failed
        cdef Py_ssize_t i
        cdef size_t number
        cdef int64_t rows = 0
        cdef list indices, found, results
        column.column = source.column.like()
        if column.column is NULL:
            raise MemoryError()
        for number in range(source.column.chunks()):
            chunk = &source.column.chunk(number)
            texts = <Row*>calloc(<size_t>chunk.held.length + 1, sizeof(Row))
            if texts is NULL:
                raise MemoryError()
            try:
                indices, found = [], []
                for i in range(chunk.held.length):
                    if text_row(chunk.held, source.column.type(), i, row):
                        indices.append(i)
                        found.append(PyBytes_FromStringAndSize(<const char*>row.data, <Py_ssize_t>row.size))
                results = convert(found)
                for i, text, changed in zip(indices, found, results):
                    if changed is not text:
                        if type(changed) is not bytes:
                            raise TypeError(f"a converted text must be bytes, not {type(changed).__name__}")
                        texts[i].data = <const uint8_t*>PyBytes_AS_STRING(changed)
                        texts[i].size = <size_t>PyBytes_GET_SIZE(changed)
                with nogil:
                    failed = column.column.add_replaced(chunk[0], self.pool, texts)
                check_arrow(failed, rows)
                rows += chunk.held.length
            finally:
                free(texts)
        return column

    def repairs(self, source, bint preserve):
        """The Repairs of a text in source order: positions in code points for a str, in bytes for bytes; texts of the source's
        type."""
        cdef View view = View(source, preserve)
        cdef Engine* engine = self.take()
        cdef Plan plan
        cdef size_t i, begin, end, at_byte = 0, at_point = 0
        cdef const Edit* edit
        cdef bint is_text = isinstance(source, str)
        cdef list out
        cdef dict known = {}
        try:
            with nogil:
                plan = engine.plan(view.data, view.size, self.options, view.invalid, True)
            if plan.status != Status.ok:
                raise failure(plan, view.data, view.size)
            out = [None] * plan.edit_count
            for i in range(plan.edit_count):
                edit = &plan.edits[i]
                if is_text:
                    begin = at_point + extent_of(view.data + at_byte, edit.begin - at_byte).length
                    end = begin + extent_of(view.data + edit.begin, edit.end - edit.begin).length
                    at_byte, at_point = edit.end, end
                    before = PyUnicode_Substring(source, <Py_ssize_t>begin, <Py_ssize_t>end)
                    after = decoded(plan.texts + edit.text, edit.text_size, view.invalid)
                else:
                    begin, end = edit.begin, edit.end
                    before = PyBytes_FromStringAndSize(<const char*>view.data + begin, <Py_ssize_t>(end - begin))
                    after = PyBytes_FromStringAndSize(plan.texts + edit.text, <Py_ssize_t>edit.text_size)
                out[i] = new_tuple(Repair, (_RULES[<int>edit.rule], begin, end, before, after, <int>edit.confidence,
                                            evidence_of(edit, known)))
            return out
        finally:
            self.pool.give_back(engine)

    def align(self, source, bint preserve):
        """(result, runs, moved, spans, rules, confidences): the result as it is when called; the tables of AlignmentTable as
        bytes of int64; of each edit the rule as in api.hpp and the confidence in per cent, as bytes."""
        cdef View view = View(source, preserve)
        cdef Engine* engine = self.take()
        cdef Plan plan
        cdef AlignmentTable table
        cdef bint is_text = isinstance(source, str)
        cdef bint built
        cdef bytes rules, confidences
        cdef char* rule
        cdef char* confidence
        cdef size_t i
        try:
            with nogil:
                plan = engine.plan(view.data, view.size, self.options, view.invalid, True)
                built = plan.status == Status.ok and table.build(view.data, view.size, plan, is_text)
            if plan.status != Status.ok:
                raise failure(plan, view.data, view.size)
            if not built:
                raise MemoryError()
            rules = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>plan.edit_count)
            confidences = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>plan.edit_count)
            rule, confidence = PyBytes_AS_STRING(rules), PyBytes_AS_STRING(confidences)
            for i in range(plan.edit_count):
                rule[i], confidence[i] = <char>plan.edits[i].rule, <char>plan.edits[i].confidence
            if not plan.changed:
                result = view.same(source)
            elif is_text:
                result = taken_from_utf8(engine, plan.size, view.invalid)
            else:
                result = taken_data(engine, plan.size)
            return result, numbers(table.runs()), numbers(table.moved()), numbers(table.spans()), rules, confidences
        finally:
            self.pool.give_back(engine)


def spread(here, there):
    """spread_runs() of two C-contiguous buffers of int64, as bytes of int64. `here` begins at 0 and does not descend."""
    cdef View view = View(memoryview(here).cast("B"), False), other = View(memoryview(there).cast("B"), False)
    cdef const int64_t* begins = <const int64_t*>view.data
    cdef size_t count = view.size // sizeof(int64_t), i
    cdef bytes out
    if not count or view.size % sizeof(int64_t) or other.size != view.size:
        raise ValueError("spread() wants as many int64 here as there, at least one")
    if begins[0] != 0:
        raise ValueError("spread(): the first run must begin at 0")
    for i in range(1, count):
        if begins[i] < begins[i - 1]:
            raise ValueError("spread(): the runs must be in order")
    if begins[count - 1] >= PY_SSIZE_T_MAX // <int64_t>sizeof(int64_t):
        raise MemoryError()
    out = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>(<size_t>(begins[count - 1] + 1) * sizeof(int64_t)))
    spread_runs(begins, <const int64_t*>other.data, count, <int64_t*>PyBytes_AS_STRING(out))
    return out


cdef class NormalizerBase:
    """What a Normalizer is when it is called. Immutable once set."""
    cdef readonly Core _core
    cdef readonly object _convert
    cdef readonly bint _preserve

    def _set(self, Core core not None, convert, bint preserve):
        """Once: the core, the OpenCC conversion or None, whether bytes that are not UTF-8 are kept."""
        if self._core is not None:
            raise AttributeError("a Normalizer is immutable")
        self._core, self._convert, self._preserve = core, convert, preserve

    def __call__(self, text):
        """The repaired text: str for a str, bytes for bytes-like UTF-8. A str or bytes that needs no repair comes back as the
        same object."""
        if self._core is None:  # made without __init__
            raise TypeError(f"{type(self).__name__}() has not been called")
        if isinstance(text, str):
            result = self._core.text(<str>text)
        else:
            try:
                result = self._core.data(text, self._preserve)
            except (TypeError, BufferError):
                check_type(text, "text")
                raise
        return result if self._convert is None else self._converted(result)


cdef int add_to_batch(TextBatch* batch, object source, bint preserve, list kept) except -1:
    """A view costs as much as a short text: str and bytes do without."""
    cdef Invalid invalid = Invalid.preserve if preserve else Invalid.reject
    cdef bint added
    cdef View view
    if source is None:  # has a place, but no text
        added = batch.add(<const uint8_t*>PyBytes_AS_STRING(b""), 0, invalid)
    elif isinstance(source, str):
        PyUnicode_READY(source)
        added = batch.add_units(PyUnicode_DATA(source), <size_t>PyUnicode_GET_LENGTH(source), PyUnicode_KIND(source))
    elif type(source) is bytes:
        added = batch.add(<const uint8_t*>PyBytes_AS_STRING(source), <size_t>PyBytes_GET_SIZE(source), invalid)
    else:
        view = View(source, preserve)
        kept.append(view)
        added = batch.add(view.data, view.size, invalid)
    if not added:
        raise MemoryError()
    return 0


cdef object batch_result(TextBatch* batch, size_t i, object source):
    cdef const BatchItem* item = &batch.item(i)
    if source is None:
        return None
    if isinstance(source, str):
        if not item.changed:
            return source if type(source) is str else PyUnicode_FromObject(source)
        text = PyUnicode_New(<Py_ssize_t>item.extent.length, item.extent.greatest)
        memcpy(PyUnicode_DATA(text), batch.result(i), item.out_size)
        return text
    if not item.changed and type(source) is bytes:
        return source
    return PyBytes_FromStringAndSize(<const char*>(<const void*>batch.result(i) if item.changed else item.data),
                                     <Py_ssize_t>(item.out_size if item.changed else item.size))


cdef object stream_error(CStream* stream, int code):
    cdef const char* said = stream.get_last_error(stream)
    if code == ENOMEM:
        return MemoryError()
    return OSError(code, "the Arrow stream failed" if said is NULL else said.decode("utf-8", "replace"))


cdef int check_arrow(const Failure& failed, int64_t rows) except -1:
    if failed.fault == Fault.out_of_memory:
        raise MemoryError()
    if failed.fault == Fault.too_large:
        raise OverflowError("the results do not fit into the column's type (2**31 - 1 bytes): cast it to large_utf8")
    if failed.fault == Fault.malformed:
        reason = failed.reason.decode("ascii")
        if failed.index == NO_ROW:
            raise ValueError(f"the Arrow array that begins at row {rows} is malformed: {reason}")
        raise ValueError(f"the Arrow array is malformed at row {rows + <int64_t>failed.index}: {reason}")
    return 0


cdef void delete_schema(object capsule) noexcept:
    cdef CSchema* schema = <CSchema*>PyCapsule_GetPointer(capsule, "arrow_schema")
    if schema.release is not NULL:
        schema.release(schema)
    free(schema)


cdef void delete_array(object capsule) noexcept:
    cdef CArray* array = <CArray*>PyCapsule_GetPointer(capsule, "arrow_array")
    if array.release is not NULL:
        array.release(array)
    free(array)


cdef void delete_stream(object capsule) noexcept:
    cdef CStream* stream = <CStream*>PyCapsule_GetPointer(capsule, "arrow_array_stream")
    if stream.release is not NULL:
        stream.release(stream)
    free(stream)


cdef void* allocate(size_t size) except NULL:
    cdef void* memory = calloc(1, size)
    if memory is NULL:
        raise MemoryError()
    return memory


cdef object capsule_of(void* memory, const char* name, PyCapsule_Destructor destructor):
    """Owns the memory, also if it fails."""
    try:
        return PyCapsule_New(memory, name, destructor)
    except:
        free(memory)
        raise


cdef class ArrowColumn:
    """A column of text in native memory, or in its producer's where nothing was to repair. Immutable, safe to share between threads."""
    cdef Column* column

    def __init__(self):
        raise TypeError(f"{type(self).__name__} is made by Normalizer.arrow()")

    def __reduce__(self):
        raise TypeError(f"an {type(self).__name__} cannot be copied or pickled: pickle what pyarrow or another package makes of it")

    cdef Column* filled(self) except NULL:
        if self.column is NULL:  # made without __init__
            raise TypeError(f"{type(self).__name__} is made by Normalizer.arrow()")
        return self.column

    cdef int open(self, CSchema* schema) except -1:
        """Takes the schema over. It must be of text."""
        if schema.release is NULL:
            raise ValueError("the Arrow schema has been released")
        self.column = Column.make(schema[0])
        if self.column is NULL:
            raise MemoryError()
        if self.column.format() is NULL:
            raise ValueError("the Arrow schema is malformed: its format is null")
        if self.column.type() == TextType.none:
            kind = repr(self.column.format().decode("utf-8", "replace"))
            if self.column.has_dictionary():
                kind = f"a dictionary with indices of {kind}"
            elif kind == "'+s'":
                kind += " (a table or struct: take one of its columns)"
            raise TypeError(f"an Arrow column must be utf8 ('u'), large_utf8 ('U') or utf8_view ('vu'), not {kind}")
        if self.column.children():
            raise ValueError("the Arrow schema is malformed: it has children, which text has not")
        return 0

    def __dealloc__(self):
        if self.column is not NULL:
            self.column.drop()

    def __arrow_c_schema__(self):
        """The PyCapsule "arrow_schema": type, name and metadata of the input."""
        cdef Column* column = self.filled()
        cdef CSchema* schema = <CSchema*>allocate(sizeof(CSchema))
        capsule = capsule_of(schema, "arrow_schema", delete_schema)
        column.export_schema(schema)
        return capsule


@cython.final
cdef class ArrowArray(ArrowColumn):
    """What Normalizer.arrow() makes of an Arrow array: offers `__arrow_c_array__`."""

    def __arrow_c_array__(self, requested_schema=None):
        """The PyCapsules "arrow_schema" and "arrow_array", anew at each call. requested_schema is not regarded."""
        cdef Column* column = self.filled()
        cdef CArray* array = <CArray*>allocate(sizeof(CArray))
        capsule = capsule_of(array, "arrow_array", delete_array)
        column.export_chunk(0, array)
        return self.__arrow_c_schema__(), capsule


@cython.final
cdef class ArrowStream(ArrowColumn):
    """What Normalizer.arrow() makes of an Arrow stream: offers `__arrow_c_stream__`, any number of times, with the input's chunks."""

    def __arrow_c_stream__(self, requested_schema=None):
        """The PyCapsule "arrow_array_stream", anew and from the first chunk on at each call. requested_schema is not regarded."""
        cdef Column* column = self.filled()
        cdef CStream* stream = <CStream*>allocate(sizeof(CStream))
        capsule = capsule_of(stream, "arrow_array_stream", delete_stream)
        if not column.export_stream(stream):
            raise MemoryError()
        return capsule


@cython.final
cdef class Pieces:
    """A text that comes in pieces, all str or all bytes-like. One call at a time."""
    cdef Stream* stream
    cdef Turn turn
    cdef bint is_text
    cdef bint preserve
    cdef size_t fed  # bytes so far

    def __cinit__(self, Core core not None, bint is_text, bint preserve):
        self.is_text = is_text
        self.preserve = preserve
        self.stream = new Stream(core.options, Invalid.surrogates if is_text else
                                 Invalid.preserve if preserve else Invalid.reject, False)

    def __dealloc__(self):
        del self.stream

    def feed(self, source, bint last):
        """What is finished of the result, as str or bytes like the pieces. An error says where in the stream it is.

        ValueError: the stream is at its end, or in use by another call."""
        cdef View view = View(source, self.preserve)
        cdef Plan plan
        cdef const char* out
        cdef size_t before
        if not self.turn.take():
            raise ValueError("the stream is in use by another call")
        try:
            before = self.fed
            with nogil:
                plan = self.stream.feed(view.data, view.size, last)
            if plan.status == Status.closed:
                raise ValueError("the stream is closed")
            self.fed += view.size
            if plan.status == Status.out_of_memory:
                raise MemoryError()
            if plan.status != Status.ok:
                error = undecodable(view.owner, max(plan.error_begin, before) - before, max(plan.error_end, before) - before,
                                    plan.error_reason)
                error.stream_range = plan.error_begin, plan.error_end
                raise error
            out = <const char*>self.stream.output()
            if self.is_text:
                return PyUnicode_DecodeUTF8(out, <Py_ssize_t>plan.size, b"surrogatepass")
            return PyBytes_FromStringAndSize(out, <Py_ssize_t>plan.size)
        finally:
            self.turn.give_back()


@cython.final
cdef class TracedPieces:
    """A text that comes in pieces of UTF-8, and its repairs as soon as they are final. Of a str, whose lone surrogates are
    encoded by "surrogatepass" (is_text), or of bytes, of which those that are not UTF-8 stand for lone surrogates as by
    "surrogateescape" (preserve). Positions are those of the whole text, in code points. Not to be shared between threads."""
    cdef Stream* stream
    cdef Invalid invalid
    cdef Plan plan
    cdef size_t done      # of the plan's edits
    cdef bytearray held   # of the pieces, from `at` on
    cdef size_t at_byte, at_point
    cdef dict known
    cdef size_t[RULE_COUNT] number  # of repairs so far

    def __cinit__(self, Core core not None, bint is_text, bint preserve):
        self.invalid = Invalid.surrogates if is_text else Invalid.preserve if preserve else Invalid.reject
        self.stream = new Stream(core.options, self.invalid, True)
        self.held, self.known = bytearray(), {}

    def __dealloc__(self):
        del self.stream

    def feed(self, bytes piece not None, bint last):
        """What is finished of the result, as bytes. The repairs of the pieces before must have been taken."""
        cdef const uint8_t* data = <const uint8_t*>PyBytes_AS_STRING(piece)
        cdef size_t size = <size_t>PyBytes_GET_SIZE(piece), i
        cdef size_t before = self.at_byte + <size_t>len(self.held)
        self.held += piece
        with nogil:
            self.plan = self.stream.feed(data, size, last)
            for i in range(self.plan.edit_count):
                self.number[<int>self.plan.edits[i].rule] += 1
        self.done = 0
        if self.plan.status == Status.closed:
            raise ValueError("the text has ended")
        if self.plan.status == Status.out_of_memory:
            raise MemoryError()
        if self.plan.status != Status.ok:
            begin, end = max(self.plan.error_begin, before) - before, max(self.plan.error_end, before) - before
            error = UnicodeDecodeError("utf-8", piece, begin, end, self.plan.error_reason.decode("ascii"))
            error.stream_range = self.plan.error_begin, self.plan.error_end
            raise error
        return PyBytes_FromStringAndSize(<const char*>self.stream.output(), <Py_ssize_t>self.plan.size)

    @property
    def counts(self):
        """Repairs so far of each rule, in the order of api.hpp."""
        return [self.number[i] for i in range(RULE_COUNT)]

    def some(self, size_t most):
        """The next Repairs, so many at most. An empty list when those known are taken."""
        cdef size_t count = min(self.plan.edit_count - self.done, most)
        cdef size_t i, begin, end, origin = self.at_byte
        cdef const uint8_t* data = <const uint8_t*>PyByteArray_AS_STRING(self.held)
        cdef const Edit* edit
        cdef list out = [None] * count
        for i in range(count):
            edit = &self.plan.edits[self.done + i]
            self.pass_over(data - origin, edit.begin)
            begin = self.at_point
            before = decoded(<const char*>data + (edit.begin - origin), edit.end - edit.begin, self.invalid)
            end = begin + <size_t>PyUnicode_GET_LENGTH(before)
            self.at_byte, self.at_point = edit.end, end
            out[i] = new_tuple(Repair, (_RULES[<int>edit.rule], begin, end, before,
                                        decoded(self.plan.texts + edit.text, edit.text_size, self.invalid),
                                        <int>edit.confidence, evidence_of(edit, self.known)))
        self.done += count
        del self.held[:self.at_byte - origin]
        return out

    def settled(self):
        """When those known are taken: no repair to come begins before this position."""
        cdef size_t origin = self.at_byte
        self.pass_over(<const uint8_t*>PyByteArray_AS_STRING(self.held) - origin, max(self.plan.settled, origin))
        del self.held[:self.at_byte - origin]
        return self.at_point

    cdef int pass_over(self, const uint8_t* data, size_t to) except -1:
        """data: where the text's first byte would stand."""
        if self.invalid == Invalid.preserve:
            self.at_point += <size_t>len(decoded(<const char*>data + self.at_byte, to - self.at_byte, self.invalid))
        else:
            self.at_point += extent_of(data + self.at_byte, to - self.at_byte).length
        self.at_byte = to
        return 0


@cython.final
cdef class OpenccTable:
    """Which stretches of a text an OpenCC configuration can change (native/include/hanflow/opencc.hpp). Immutable."""
    cdef CTable* table

    def __cinit__(self, str triggers, str keys):
        """triggers: each key with another value than itself has one of these characters. keys: the characters of all keys."""
        self.table = new CTable()
        for char in triggers:
            self.table.add_trigger(ord(char))
        for char in keys:
            self.table.add_key(ord(char))

    def __dealloc__(self):
        del self.table

    def stretches(self, text, size_t longest):
        """[(begin, end)] of a str in code points or of bytes: what may change, parted where longer than `longest` (0: never)."""
        cdef vector[Stretch] found
        cdef const void* data
        cdef size_t size
        cdef int units
        cdef bint done
        if isinstance(text, str):
            PyUnicode_READY(text)
            data, size, units = PyUnicode_DATA(text), <size_t>PyUnicode_GET_LENGTH(text), PyUnicode_KIND(text)
        else:
            data, size, units = PyBytes_AS_STRING(<bytes?>text), <size_t>PyBytes_GET_SIZE(text), 0
        if size < HELD:
            done = self.table.find(data, size, <Units>units, longest, found)
        else:
            with nogil:
                done = self.table.find(data, size, <Units>units, longest, found)
        if not done:
            raise MemoryError()
        return [(stretch.begin, stretch.end) for stretch in found]


def opencc_converted(size_t convert, size_t release, size_t handle, list texts not None):
    """The texts, bytes without NUL, converted by the functions at these addresses without the GIL; None if one fails."""
    cdef CLibrary library
    cdef size_t count = <size_t>len(texts), i
    cdef OpenccText* items = <OpenccText*>calloc(count + 1, sizeof(OpenccText))
    cdef bint done
    if items is NULL:
        raise MemoryError()
    library.convert, library.release, library.handle = <OpenccConvert>convert, <OpenccRelease>release, <void*>handle
    try:
        for i in range(count):
            items[i].text = PyBytes_AS_STRING(<bytes?>texts[i])
            items[i].size = <size_t>PyBytes_GET_SIZE(texts[i])
        with nogil:
            done = opencc_convert(library, items, count)
        return [<bytes>items[i].result for i in range(count)] if done else None
    finally:
        for i in range(count):
            if items[i].result is not NULL:
                library.release(items[i].result)
        free(items)
