# cython: language_level=3, freethreading_compatible=True, boundscheck=False, wraparound=False
"""Signature sheet of the C++ core: views in, a call without the GIL, objects out. Decides nothing."""
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport uint8_t, uint32_t
from libc.stdlib cimport free, malloc
from libcpp cimport bool as cbool

from .errors import check_type


cdef extern from "Python.h":
    bint PyUnicode_IS_ASCII(object text)
    void* PyUnicode_DATA(object text)
    Py_ssize_t PyUnicode_GET_LENGTH(object text)
    int PyUnicode_KIND(object text)
    int PyUnicode_READY "__Pyx_PyUnicode_READY"(object text) except -1
    object PyUnicode_FromObject(object text)
    object PyUnicode_New(Py_ssize_t size, Py_UCS4 maxchar)


cdef extern from "hanflow/api.hpp" namespace "hanflow" nogil:
    cdef enum class Rule(uint8_t):
        pass
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

    cdef struct Extent:
        size_t length
        uint8_t most
        uint32_t greatest() noexcept

    cdef cppclass Engine:
        Plan plan(const uint8_t* data, size_t size, const Options& options, Invalid invalid, cbool trace) noexcept
        Plan plan_units(const void* units, size_t length, int unit_bytes, const Options& options) noexcept
        Extent extent() noexcept
        void emit(uint8_t* out) noexcept
        void emit_units(void* out, int unit_bytes) noexcept

    cdef cppclass Stream:
        Stream(const Options& options, Invalid invalid) noexcept
        Plan feed(const uint8_t* data, size_t size, cbool last) noexcept
        const uint8_t* output() noexcept

    const char* cpu_path() noexcept
    const char* cpu_path(size_t i) noexcept


cdef extern from "python_engine.hpp" namespace "hanflow" nogil:
    cdef cppclass EnginePool:
        Engine* take() noexcept
        void give_back(Engine* engine) noexcept

    cdef cppclass BatchItem "hanflow::TextBatch::Item":
        bint changed
        size_t out
        size_t out_size

    cdef cppclass TextBatch:
        void clear() noexcept
        size_t count() noexcept
        size_t input_size() noexcept
        const BatchItem& item(size_t i) noexcept
        const uint8_t* results() noexcept
        bint add(const uint8_t* data, size_t size, Invalid invalid) noexcept
        Plan run(Engine& engine, const Options& options, size_t& done) noexcept

    size_t count_code_points(const uint8_t* data, size_t begin, size_t end) noexcept


# A batch is run in groups of about this much input, so that its memory is bounded and the GIL changes hands seldom.
cdef enum:
    GROUP_BYTES = 1 << 20
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


cdef class View:
    """UTF-8 of a str or of a bytes-like object, kept alive and unchanged until close()."""
    cdef object owner
    cdef Py_buffer buffer
    cdef bint exported
    cdef const uint8_t* data
    cdef size_t size
    cdef Invalid invalid

    def __cinit__(self, source, bint preserve):
        cdef bytes raw
        self.invalid = Invalid.preserve if preserve else Invalid.reject
        if isinstance(source, str):
            self.invalid = Invalid.reject
            if PyUnicode_IS_ASCII(source):
                self.owner = source
                self.data = <const uint8_t*>PyUnicode_DATA(source)
                self.size = <size_t>PyUnicode_GET_LENGTH(source)
                return
            try:
                raw = (<str>source).encode("utf-8")
            except UnicodeEncodeError:
                raw = (<str>source).encode("utf-8", "surrogatepass")
                self.invalid = Invalid.surrogates
        elif isinstance(source, bytes):
            raw = source
        else:
            try:
                PyObject_GetBuffer(source, &self.buffer, PyBUF_SIMPLE)
                self.exported = True
            except BufferError:  # not contiguous
                raw = bytes(memoryview(source))
            else:
                if self.buffer.readonly:
                    self.data = <const uint8_t*>self.buffer.buf
                    self.size = <size_t>self.buffer.len
                    return
                # Somebody else may write into it while the GIL is released.
                raw = PyBytes_FromStringAndSize(<const char*>self.buffer.buf, self.buffer.len)
                self.close()
        self.owner = raw
        self.data = <const uint8_t*>PyBytes_AS_STRING(raw)
        self.size = <size_t>PyBytes_GET_SIZE(raw)

    cdef void close(self) noexcept:
        if self.exported:
            self.exported = False
            PyBuffer_Release(&self.buffer)

    def __dealloc__(self):
        self.close()

    cdef bytes copy(self):
        return PyBytes_FromStringAndSize(<const char*>self.data, <Py_ssize_t>self.size)

    cdef object same(self, source):
        """The source itself where it is immutable and of the exact type, else its plain copy."""
        if type(source) is bytes:
            return source
        if isinstance(source, str):
            return PyUnicode_FromObject(source)
        return self.copy()


cdef object failure(const Plan& plan, View view):
    if plan.status == Status.out_of_memory:
        return MemoryError()
    return UnicodeDecodeError("utf-8", view.copy(), plan.error_begin, plan.error_end, plan.error_reason.decode("ascii"))


cdef inline object decoded(const char* data, size_t size, View view):
    cdef const char* errors = NULL
    if view.invalid == Invalid.surrogates:
        errors = b"surrogatepass"
    return PyUnicode_DecodeUTF8(data, <Py_ssize_t>size, errors)


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
        cdef Extent extent
        cdef const void* units = PyUnicode_DATA(source)
        cdef size_t length = <size_t>PyUnicode_GET_LENGTH(source)
        cdef int kind = PyUnicode_KIND(source)
        cdef object result
        cdef void* out
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
            if length < HELD:
                extent = engine.extent()
            else:
                with nogil:
                    extent = engine.extent()
            result = PyUnicode_New(<Py_ssize_t>extent.length, extent.greatest())
            out, kind = PyUnicode_DATA(result), PyUnicode_KIND(result)
            if length < HELD:
                engine.emit_units(out, kind)
            else:
                with nogil:
                    engine.emit_units(out, kind)
            return result
        finally:
            self.pool.give_back(engine)

    cdef object data(self, source, bint preserve, bint count, size_t* repairs):
        """The repaired UTF-8 of bytes-like data; the same object if it is of type bytes and nothing is to repair."""
        cdef View view = View(source, preserve)
        cdef Engine* engine = self.take()
        cdef Plan plan
        cdef uint8_t* out
        cdef bytes result
        try:
            if view.size < HELD:
                plan = engine.plan(view.data, view.size, self.options, view.invalid, count)
            else:
                with nogil:
                    plan = engine.plan(view.data, view.size, self.options, view.invalid, count)
            if plan.status != Status.ok:
                raise failure(plan, view)
            repairs[0] = plan.edit_count
            if not plan.changed:
                return view.same(source)
            result = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>plan.size)
            out = <uint8_t*>PyBytes_AS_STRING(result)
            if plan.size < HELD:
                engine.emit(out)
            else:
                with nogil:
                    engine.emit(out)
            return result
        finally:
            self.pool.give_back(engine)
            view.close()

    def counted(self, source, bint preserve):
        """(result, number of repairs) of bytes-like UTF-8. preserve: keep bytes that are not UTF-8."""
        cdef size_t repairs = 0
        result = self.data(source, preserve, True, &repairs)
        return result, repairs

    def batch(self, list items not None, bint preserve):
        """A list of str and bytes-like objects -> the list of their results. If one fails, its
        error has its place in the list as the attribute `batch_index`."""
        cdef TextBatch batch
        cdef Plan plan
        cdef size_t done = 0
        cdef Py_ssize_t total = len(items), at = 0, i
        cdef list out = [None] * total, views
        cdef View view
        cdef const BatchItem* item
        cdef Engine* engine = self.take()
        try:
            while at < total:
                batch.clear()
                views = []
                while at + len(views) < total and batch.input_size() < GROUP_BYTES and batch.count() < GROUP_ITEMS:
                    view = View(items[at + len(views)], preserve)
                    views.append(view)
                    if not batch.add(view.data, view.size, view.invalid):
                        raise MemoryError()
                with nogil:
                    plan = batch.run(engine[0], self.options, done)
                if done < batch.count():
                    error = failure(plan, <View>views[done])
                    error.batch_index = at + <Py_ssize_t>done
                    raise error
                for i in range(<Py_ssize_t>batch.count()):
                    view = <View>views[i]
                    item = &batch.item(i)
                    source = items[at + i]
                    if not item.changed:
                        out[at + i] = view.same(source)
                    elif isinstance(source, str):
                        out[at + i] = decoded(<const char*>batch.results() + item.out, item.out_size, view)
                    else:
                        out[at + i] = PyBytes_FromStringAndSize(<const char*>batch.results() + item.out,
                                                                <Py_ssize_t>item.out_size)
                at += len(views)
            return out
        finally:
            self.pool.give_back(engine)

    def edits(self, source, bint preserve):
        """[(begin, end, before, after, rule, confidence)] in source order: positions in code points for a str, in bytes
        for bytes; texts of the source's type; rule as in api.hpp; confidence in per cent."""
        cdef View view = View(source, preserve)
        cdef Engine* engine = self.take()
        cdef Plan plan
        cdef const Edit* edit
        cdef const char* data = <const char*>view.data
        cdef size_t i, begin, end, at_byte = 0, at_point = 0
        cdef bint is_text = isinstance(source, str)
        cdef list out = []
        try:
            with nogil:
                plan = engine.plan(view.data, view.size, self.options, view.invalid, True)
            if plan.status != Status.ok:
                raise failure(plan, view)
            for i in range(plan.edit_count):
                edit = &plan.edits[i]
                if is_text:
                    begin = at_point + count_code_points(view.data, at_byte, edit.begin)
                    end = begin + count_code_points(view.data, edit.begin, edit.end)
                    at_byte, at_point = edit.end, end
                    before = decoded(data + edit.begin, edit.end - edit.begin, view)
                    after = decoded(plan.texts + edit.text, edit.text_size, view)
                else:
                    begin, end = edit.begin, edit.end
                    before = PyBytes_FromStringAndSize(data + begin, <Py_ssize_t>(end - begin))
                    after = PyBytes_FromStringAndSize(plan.texts + edit.text, <Py_ssize_t>edit.text_size)
                out.append((begin, end, before, after, <int>edit.rule, <int>edit.confidence))
            return out
        finally:
            self.pool.give_back(engine)
            view.close()


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
        cdef size_t repairs = 0
        if isinstance(text, str):
            result = self._core.text(<str>text)
        else:
            try:
                result = self._core.data(text, self._preserve, False, &repairs)
            except TypeError:
                check_type(text, "text")
                raise
        return result if self._convert is None else self._converted(result)


cdef class Pieces:
    """A text that comes in pieces, all str or all bytes-like. Not to be shared between threads."""
    cdef Stream* stream
    cdef bint is_text
    cdef bint preserve
    cdef size_t fed  # bytes so far

    def __cinit__(self, Core core, bint is_text, bint preserve):
        self.is_text = is_text
        self.preserve = preserve
        self.stream = new Stream(core.options, Invalid.surrogates if is_text else
                                 Invalid.preserve if preserve else Invalid.reject)
        if self.stream is NULL:
            raise MemoryError()

    def __dealloc__(self):
        del self.stream

    def feed(self, source, bint last):
        """What is finished of the result, as str or bytes like the pieces. An error says where in the stream it is."""
        cdef View view = View(source, self.preserve)
        cdef Plan plan
        cdef const char* out
        cdef size_t before = self.fed
        try:
            with nogil:
                plan = self.stream.feed(view.data, view.size, last)
            self.fed += view.size
            if plan.status == Status.out_of_memory:
                raise MemoryError()
            if plan.status != Status.ok:
                error = UnicodeDecodeError("utf-8", view.copy(), max(plan.error_begin, before) - before,
                                           max(plan.error_end, before) - before, plan.error_reason.decode("ascii"))
                error.stream_position = plan.error_begin
                raise error
            out = <const char*>self.stream.output()
            if self.is_text:
                return PyUnicode_DecodeUTF8(out, <Py_ssize_t>plan.size, b"surrogatepass")
            return PyBytes_FromStringAndSize(out, <Py_ssize_t>plan.size)
        finally:
            view.close()
