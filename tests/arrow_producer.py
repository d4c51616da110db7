"""An Arrow producer in ctypes, for what no package gives out: malformed arrays, failing streams, a count of what is released."""
import ctypes as c


class Schema(c.Structure):
    pass


class Array(c.Structure):
    pass


class Stream(c.Structure):
    pass


SchemaRelease = c.CFUNCTYPE(None, c.POINTER(Schema))
ArrayRelease = c.CFUNCTYPE(None, c.POINTER(Array))
StreamRelease = c.CFUNCTYPE(None, c.POINTER(Stream))
GetSchema = c.CFUNCTYPE(c.c_int, c.POINTER(Stream), c.POINTER(Schema))
GetNext = c.CFUNCTYPE(c.c_int, c.POINTER(Stream), c.POINTER(Array))
GetLastError = c.CFUNCTYPE(c.c_void_p, c.POINTER(Stream))

Schema._fields_ = [("format", c.c_char_p), ("name", c.c_char_p), ("metadata", c.c_char_p), ("flags", c.c_int64),
                   ("n_children", c.c_int64), ("children", c.c_void_p), ("dictionary", c.c_void_p), ("release", SchemaRelease), ("private_data", c.c_void_p)]
Array._fields_ = [("length", c.c_int64), ("null_count", c.c_int64), ("offset", c.c_int64), ("n_buffers", c.c_int64),
                  ("n_children", c.c_int64), ("buffers", c.POINTER(c.c_void_p)), ("children", c.c_void_p), ("dictionary", c.c_void_p),
                  ("release", ArrayRelease), ("private_data", c.c_void_p)]
Stream._fields_ = [("get_schema", GetSchema), ("get_next", GetNext), ("get_last_error", GetLastError), ("release", StreamRelease),
                   ("private_data", c.c_void_p)]

new_capsule = c.pythonapi.PyCapsule_New
new_capsule.restype, new_capsule.argtypes = c.py_object, [c.c_void_p, c.c_char_p, c.c_void_p]


class Producer:
    """A column whose chunks are given as (length, null_count, offset, buffers). What it hands out refers to it: keep it alive.

    released: how often a schema, an array, a stream was released. error: what comes behind the chunks, as (code, message).
    schema_fields, array_fields: what stands in fields instead of what should. stream_without: a function that is null.
    shift: how far buffers are from an even address. before_next: is called before the first chunk is given out."""

    def __init__(self, format, *chunks, error=None, schema_fields=(), array_fields=(), stream_without=None, shift=0):
        self.format, self.chunks, self.error = format, chunks, error
        self.schema_fields, self.array_fields, self.stream_without, self.shift = dict(schema_fields), dict(array_fields), stream_without, shift
        self.before_next = None
        self.released = {"schema": 0, "array": 0, "stream": 0}
        self.kept = []

    def schema(self, out):
        c.memset(c.byref(out), 0, c.sizeof(out))
        out.format, out.name, out.flags, out.release = self.format, b"", 2, self.releaser("schema", SchemaRelease)
        for field, value in self.schema_fields.items():
            setattr(out, field, value)

    def array(self, out, length, null_count, offset, buffers):
        held = [None if b is None else c.create_string_buffer(bytes(self.shift) + b, max(len(b), 1) + self.shift) for b in buffers]
        pointers = (c.c_void_p * max(len(held), 1))(*[b and c.addressof(b) + self.shift for b in held])
        self.kept += [held, pointers]
        c.memset(c.byref(out), 0, c.sizeof(out))
        out.length, out.null_count, out.offset, out.n_buffers = length, null_count, offset, len(held)
        out.buffers, out.release = pointers, self.releaser("array", ArrayRelease)
        for field, value in self.array_fields.items():
            setattr(out, field, c.POINTER(c.c_void_p)() if field == "buffers" else value)

    def releaser(self, what, kind):
        def release(pointer):
            self.released[what] += 1
            pointer.contents.release = kind()

        self.kept.append(kind(release))
        return self.kept[-1]

    def capsule(self, struct, name):
        self.kept.append(struct)
        return new_capsule(c.addressof(struct), name, None)

    def __arrow_c_schema__(self):
        schema = Schema()
        self.schema(schema)
        return self.capsule(schema, b"arrow_schema")

    def arrays(self):
        """The first chunk through `__arrow_c_array__`."""
        return _Arrays(self)

    def __arrow_c_stream__(self, requested_schema=None):
        chunks = iter(self.chunks)

        def get_schema(_, out):
            self.schema(out.contents)
            return 0

        def get_next(_, out):
            called, self.before_next = self.before_next, None
            if called:
                called()
            chunk = next(chunks, None)
            if chunk:
                self.array(out.contents, *chunk)
            elif self.error:
                return self.error[0]
            else:
                out.contents.release = ArrayRelease()
            return 0

        said = c.create_string_buffer(self.error[1]) if self.error and self.error[1] else None
        stream = Stream(GetSchema(get_schema), GetNext(get_next), GetLastError(lambda _: said and c.addressof(said)),
                        self.releaser("stream", StreamRelease))
        if self.stream_without:
            setattr(stream, self.stream_without, dict(Stream._fields_)[self.stream_without]())
        return self.capsule(stream, b"arrow_array_stream")


class _Arrays:
    def __init__(self, producer):
        self.producer = producer

    def __arrow_c_array__(self, requested_schema=None):
        array = Array()
        self.producer.array(array, *self.producer.chunks[0])
        return self.producer.__arrow_c_schema__(), self.producer.capsule(array, b"arrow_array")
