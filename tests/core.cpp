// Runs texts through the engine, aligned with their results, as units of a str, in pieces through a stream, traced and not, and all
// at once through a batch and Arrow columns with threads, in memory of just their size; for sanitize.py and neon.py.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "hanflow/alignment.hpp"
#include "hanflow/api.hpp"
#include "hanflow/arrow.hpp"
#include "hanflow/batch.hpp"
#include "simd/kernels.hpp"
#include "text/planes.hpp"
#include "text/units.hpp"
#include "text/utf8.hpp"

using namespace hanflow;

namespace {

// Memory `alignment` bytes behind a multiple of 64, and without room behind it, so that a byte too many is seen.
struct Exact {
    void* room = nullptr;
    uint8_t* data;
    explicit Exact(size_t size, size_t alignment = 0) {
        if (posix_memalign(&room, 64, alignment + size)) std::abort();
        data = static_cast<uint8_t*>(room) + alignment;
    }
    Exact(const uint8_t* text, size_t size, size_t alignment = 0) : Exact(size, alignment) {
        if (size) std::memcpy(data, text, size);
    }
    Exact(const Exact&) = delete;
    ~Exact() { std::free(room); }
};

// Both kinds of units; the runs must end where both texts do.
void align(const Exact& text, size_t size, const Plan& plan, Invalid invalid) {
    AlignmentTable table;
    if (!table.build(text.data, size, plan, false)) std::abort();
    const std::vector<int64_t>& runs = table.runs();
    if (runs[runs.size() - 2] != int64_t(size) || runs.back() != int64_t(plan.size)) std::abort();
    const Exact offsets((size + 1) * sizeof(int64_t));
    std::vector<int64_t> here, there;
    for (size_t i = 0; i < runs.size(); i += 2) {
        here.push_back(runs[i]);
        there.push_back(runs[i + 1]);
    }
    spread_runs(here.data(), there.data(), here.size(), reinterpret_cast<int64_t*>(offsets.data));
    if (invalid != Invalid::preserve && !table.build(text.data, size, plan, true)) std::abort();
}

// What edits make of the text.
std::string replayed(const std::string& text, const std::vector<Edit>& edits, const std::string& texts) {
    std::string result;
    size_t at = 0;
    for (const Edit& edit : edits) {
        if (edit.begin < at || edit.end < edit.begin || edit.end > text.size()) std::abort();
        result.append(text, at, edit.begin - at).append(texts, edit.text, edit.text_size);
        at = edit.end;
    }
    return result.append(text, at, std::string::npos);
}

// false: refused; the result says where and why. edits: make the text the result, if traced.
bool through_engine(const Exact& text, size_t size, const Options& options, Invalid invalid, bool trace, std::string& result) {
    Engine engine;
    const Plan plan = engine.plan(text.data, size, options, invalid, trace);
    if (plan.status != Status::ok) {
        result = std::to_string(plan.error_begin) + " " + std::to_string(plan.error_end) + " " + plan.error_reason;
        return false;
    }
    result.assign(reinterpret_cast<const char*>(text.data), size);
    std::string traced;
    if (trace) {
        align(text, size, plan, invalid);
        traced = replayed(result, std::vector<Edit>(plan.edits, plan.edits + plan.edit_count), plan.texts);
    }
    if (plan.changed) {
        const Exact out(plan.size);
        engine.emit(out.data);
        result.assign(reinterpret_cast<char*>(out.data), plan.size);
    }
    if (trace && traced != result) std::abort();
    return true;
}

int bytes_of_unit(uint32_t greatest) { return greatest <= 0xFF ? 1 : greatest <= 0xFFFF ? 2 : 4; }

uint32_t unit_at(const uint8_t* units, size_t i, int unit_bytes) {
    uint32_t unit = 0;
    std::memcpy(&unit, units + i * size_t(unit_bytes), size_t(unit_bytes));  // little-endian
    return unit;
}

// Appends a code point, surrogates too.
void encode(uint32_t cp, std::string& to) {
    const auto more = [&](int shift) { to += char(0x80 | (cp >> shift & 0x3F)); };
    if (cp < 0x80) {
        to += char(cp);
    } else if (cp < 0x800) {
        to += char(0xC0 | cp >> 6);
        more(0);
    } else if (cp < 0x10000) {
        to += char(0xE0 | cp >> 12);
        more(6), more(0);
    } else {
        to += char(0xF0 | cp >> 18);
        more(12), more(6), more(0);
    }
}

// A well-formed text as units of a str, there and back; as wide as it needs, or wider.
void through_units(const Exact& text, size_t size, const Options& options, std::string& result) {
    Engine engine;
    Extent extent = extent_of(text.data, size);
    int unit_bytes = bytes_of_unit(extent.greatest);
    std::unique_ptr<Exact> units(new Exact(extent.length * size_t(unit_bytes)));
    for (size_t at = 0, i = 0; at < size; ++i) {
        uint32_t cp;
        at += size_t(decode(text.data + at, cp));
        std::memcpy(units->data + i * size_t(unit_bytes), &cp, size_t(unit_bytes));
    }
    const Plan plan = engine.plan_units(units->data, extent.length, unit_bytes, options);
    if (plan.status != Status::ok) std::abort();
    if (plan.changed) {
        extent = engine.extent();
        unit_bytes = bytes_of_unit(extent.greatest);
        units.reset(new Exact(extent.length * size_t(unit_bytes)));
        engine.emit_units(units->data, unit_bytes);
    }
    result.clear();
    for (size_t i = 0; i < extent.length; ++i) encode(unit_at(units->data, i, unit_bytes), result);
}

// trace: what comes out must also be what the edits of its pieces make of the text.
bool through_stream(const Exact& text, size_t size, const Options& options, Invalid invalid, bool trace, std::string& result) {
    Stream stream(options, invalid, trace);
    result.clear();
    std::vector<Edit> edits;
    std::string texts;
    size_t settled = 0;
    for (size_t at = 0;;) {
        const size_t step = std::min(size - at, size_t(1 + std::rand() % (1 + std::rand() % 700)));
        const Exact piece(text.data + at, step);
        at += step;
        const Plan plan = stream.feed(piece.data, step, at == size);
        if (plan.status != Status::ok) return false;
        result.append(reinterpret_cast<const char*>(stream.output()), plan.size);
        for (size_t i = 0; i < plan.edit_count; ++i) {
            Edit edit = plan.edits[i];
            if (edit.begin < settled) std::abort();
            texts.append(plan.texts + edit.text, edit.text_size);
            edit.text = uint32_t(texts.size() - edit.text_size);
            edits.push_back(edit);
        }
        if (trace && (plan.settled < settled || plan.settled > at)) std::abort();
        settled = plan.settled;
        if (at == size) break;
    }
    return !trace || replayed(std::string(reinterpret_cast<const char*>(text.data), size), edits, texts) == result;
}

using Texts = std::vector<std::string>;  // a text "-" stands for a null row of a column

const uint8_t* bytes(const std::string& text) { return reinterpret_cast<const uint8_t*>(text.data()); }

// How many texts come out otherwise than they should.
int through_batch(const Texts& texts, const Texts& want, unsigned threads, EnginePool& pool) {
    TextBatch batch(pool, threads);
    int different = 0;
    for (const std::string& text : texts) batch.add(bytes(text), text.size(), Invalid::preserve);
    if (batch.run(Options{}).fault != Fault::none) return 1;
    for (size_t i = 0; i < texts.size(); ++i) {
        const TextBatch::Item& item = batch.item(i);
        const std::string result(static_cast<const char*>(item.changed ? static_cast<const void*>(batch.result(i)) : item.data),
                                 item.changed ? item.out_size : item.size);
        different += want[i] != result;
    }
    return different;
}

template <typename T>
const void* keep(std::vector<std::unique_ptr<Exact>>& memory, const std::vector<T>& values) {
    memory.emplace_back(new Exact(reinterpret_cast<const uint8_t*>(values.data()), values.size() * sizeof(T)));
    return memory.back()->data;
}

// The same through a column, from its third row on: of offsets of 4 or 8 bytes, or of views.
int through_column(const char* format, const Texts& texts, const Texts& want, unsigned threads, EnginePool& pool) {
    struct View {
        int32_t size, rest[3];
    };
    std::vector<std::unique_ptr<Exact>> memory;
    std::vector<uint8_t> valid((texts.size() + 7) / 8), data;
    std::vector<int32_t> offsets{0};
    std::vector<int64_t> large{0};
    std::vector<View> views;
    for (size_t i = 0; i < texts.size(); ++i) {
        if (texts[i] != "-") valid[i / 8] |= uint8_t(1 << i % 8);
        View view{int32_t(texts[i].size()), {0, 0, int32_t(data.size())}};
        if (texts[i].size() <= 12 && !texts[i].empty()) std::memcpy(view.rest, texts[i].data(), texts[i].size());
        views.push_back(view);
        data.insert(data.end(), texts[i].begin(), texts[i].end());
        offsets.push_back(int32_t(data.size()));
        large.push_back(int64_t(data.size()));
    }
    const bool is_view = format[0] == 'v';
    const void* rows = is_view ? keep(memory, views) : format[0] == 'u' ? keep(memory, offsets) : keep(memory, large);
    const std::vector<int64_t> sizes{int64_t(data.size())};
    const void* buffers[] = {keep(memory, valid), rows, keep(memory, data), keep(memory, sizes)};
    const size_t skipped = std::min<size_t>(texts.size(), 3);
    ArrowArray array{int64_t(texts.size() - skipped), -1, int64_t(skipped), is_view ? 4 : 3, 0, buffers, nullptr, nullptr,
                     [](ArrowArray* released) { released->release = nullptr; }, nullptr};
    ArrowSchema schema{format,  "",      nullptr, ARROW_FLAG_NULLABLE, 0,
                       nullptr, nullptr, [](ArrowSchema* released) { released->release = nullptr; }, nullptr};
    Column* column = Column::make(schema);
    SharedArray* input = SharedArray::take(array);
    int different = column->add_repaired(*input, pool, Options{}, Invalid::preserve, threads).fault != Fault::none;
    input->drop();
    if (!different) {
        const TextType type = column->type();
        ArrowArrayStream stream;
        ArrowArray out;
        column->export_stream(&stream);
        column->drop();
        stream.get_next(&stream, &out);
        stream.release(&stream);
        for (size_t i = skipped; i < texts.size(); ++i) {
            Row row;
            const bool there = text_row(out, type, i - skipped, row);
            different += there ? want[i] != std::string(reinterpret_cast<const char*>(row.data), row.size) : texts[i] != "-";
        }
        out.release(&out);
    }
    return different;
}

// Columns of every layout in memory of just their size, with random bytes changed: each is refused with a reason, or read inside its
// memory. Of utf8 and large_utf8 the last offset is kept: it has to be believed.
int through_malformed(int rounds, EnginePool& pool, int& malformed) {
    int wrong = 0;
    for (int round = 0; round < rounds; ++round) {
        const char* const format = round % 3 == 0 ? "u" : round % 3 == 1 ? "U" : "vu";
        const size_t n = 6, width = format[0] == 'v' ? 16 : format[0] == 'U' ? 8 : 4;
        std::vector<uint8_t> rows((format[0] == 'v' ? n : n + 1) * width), data(120), nulls(1, uint8_t(std::rand()));
        for (uint8_t& byte : data) byte = std::rand() % 4 ? uint8_t('a' + std::rand() % 26) : uint8_t(std::rand());
        for (size_t i = 0; i * width < rows.size(); ++i) {
            const int32_t view[4] = {20, 0, 0, int32_t(20 * i)};
            const int64_t offset = int64_t(20 * i);
            if (format[0] == 'v')
                std::memcpy(&rows[i * width], view, width);
            else
                std::memcpy(&rows[i * width], &offset, width);
        }
        const size_t free = format[0] == 'v' ? rows.size() : n * width;
        for (int k = std::rand() % 4; k > 0; --k) {
            static const uint8_t some[] = {0, 1, 12, 13, 0x7F, 0x80, 0xFF};
            rows[size_t(std::rand()) % free] = some[std::rand() % 7];
        }
        const int64_t size = std::rand() % 8 ? 120 : std::rand() % 2 ? -1 : 60;
        const size_t apart = size_t(std::rand() % 2);  // addresses that are not aligned
        const Exact bits(nulls.data(), 1), table(rows.data(), rows.size(), apart), text(data.data(), data.size(), apart),
            sizes(reinterpret_cast<const uint8_t*>(&size), sizeof size, apart);
        const void* buffers[] = {bits.data, table.data, text.data, sizes.data};
        ArrowArray array{int64_t(n), -1, 0, format[0] == 'v' ? 4 : 3, 0, buffers, nullptr, nullptr,
                         [](ArrowArray* released) { released->release = nullptr; }, nullptr};
        static const int64_t absurd[] = {-1, INT64_MIN, INT64_MAX, int64_t(1) << 61, 1};
        const int64_t value = absurd[std::rand() % 5];
        switch (std::rand() % 24) {
            case 0: array.length = value == 1 ? -1 : value; break;
            case 1: array.offset = value == 1 ? -1 : value; break;
            case 2: array.null_count = value; break;
            case 3: array.n_buffers = value == (int64_t(1) << 61) ? 1 : value; break;
            case 4: array.n_children = value; break;
            case 5: array.buffers = nullptr; break;
            case 6: buffers[std::rand() % array.n_buffers] = nullptr; break;
        }
        ArrowSchema schema{format,  "",      nullptr, ARROW_FLAG_NULLABLE, 0,
                           nullptr, nullptr, [](ArrowSchema* released) { released->release = nullptr; }, nullptr};
        Column* column = Column::make(schema);
        SharedArray* input = SharedArray::take(array);
        const Failure failure = column->add_repaired(*input, pool, Options{}, Invalid::preserve, 1);
        if (failure.fault == Fault::malformed) {
            ++malformed;
            wrong += !failure.reason || (failure.index != NO_ROW && failure.index >= n);
        } else {
            wrong += failure.fault != Fault::none;
        }
        input->drop();
        column->drop();
    }
    return wrong;
}

// Whether the path's kernels make of code units what the portable ones make, in memory of just their size.
bool units_alike(const Exact& units, size_t length) {
    const CodeUnit* const text = reinterpret_cast<const CodeUnit*>(units.data);
    const Kernels& path = kernels();
    const size_t words = words_of(length), classes = 64 * words;
    Exact found(classes), wanted(classes), planes(words * sizeof(PlaneWord)), wanted_planes(words * sizeof(PlaneWord));
    path.classify(text, length, found.data, reinterpret_cast<PlaneWord*>(planes.data));
    portable::table.classify(text, length, wanted.data, reinterpret_cast<PlaneWord*>(wanted_planes.data));
    bool alike = !length || (!std::memcmp(found.data, wanted.data, length) && !std::memcmp(planes.data, wanted_planes.data, words * sizeof(PlaneWord)));
    const Exact squeezed(2 * (length + UNIT_SLACK)), expected(2 * (length + UNIT_SLACK));
    const size_t left = path.squeeze(text, length, reinterpret_cast<CodeUnit*>(squeezed.data));
    alike = alike && left == portable::table.squeeze(text, length, reinterpret_cast<CodeUnit*>(expected.data)) &&
            !std::memcmp(squeezed.data, expected.data, 2 * left);
    if (path.to_utf8) {
        const Exact out(utf8_room(length));
        size_t made = 0;
        const size_t taken = path.to_utf8(text, length, out.data, made);
        std::string slow;
        for (size_t i = 0; i < taken; ++i) encode(text[i], slow);
        // No further than a surrogate stands.
        const bool stopped = std::any_of(text + taken, text + std::min(length, taken + 16), [](CodeUnit u) { return is_surrogate(u); });
        alike = alike && slow == std::string(reinterpret_cast<char*>(out.data), made) && (taken == length || stopped);
    }
    return alike;
}

// The same of the bytes of a text: read as code units, well-formed or not; as the units that they are themselves; and, if they are
// well-formed, put into code units by the kernel and one by one.
bool kernels_alike(const Exact& text, size_t size, size_t alignment, bool well_formed) {
    const Exact units(2 * (size + UNIT_SLACK), alignment & ~size_t(1));
    Substitutes substitutes;
    const size_t length = utf8_to_units(text.data, size, Reading::escaped, reinterpret_cast<CodeUnit*>(units.data), substitutes);
    const Exact just(units.data, 2 * length, alignment & ~size_t(1)), raw(text.data, size / 2 * 2, alignment & ~size_t(1));
    bool alike = units_alike(just, length) && units_alike(raw, size / 2);
    if (well_formed && kernels().from_utf8) {
        const Exact out(2 * (size + UNIT_SLACK));
        size_t made = 0;
        const size_t taken = kernels().from_utf8(text.data, size, reinterpret_cast<CodeUnit*>(out.data), made);
        std::vector<CodeUnit> slow;
        for (size_t at = 0; at < taken;) {
            uint32_t cp;
            at += size_t(decode(text.data + at, cp));
            append_units(slow, cp);
            if (at > taken) return false;
        }
        alike = alike && size - taken < 128 && slow.size() == made && (!made || !std::memcmp(slow.data(), out.data, 2 * made));
    }
    return alike;
}

}  // namespace

// Without arguments: names the CPU paths that run here.
// TEXTS [DIGESTS]: a file of texts, each behind its size and its alignment in four bytes each, little-endian; a file to be
// written: eight bytes for the results of each text (FNV-1a). With it, each text gets one set of options, not all three.
int main(int count, char** arguments) {
    if (count < 2) {
        for (size_t i = 0; cpu_path(i); ++i) std::puts(cpu_path(i));
        return 0;
    }
    std::ifstream file(arguments[1], std::ios::binary);
    const std::vector<char> all((std::istreambuf_iterator<char>(file)), {});
    std::vector<uint64_t> digests;
    Texts sources, results;
    int refused = 0, different = 0, kernel_faults = 0;
    for (size_t at = 0; at + 8 <= all.size();) {
        uint32_t head[2];
        std::memcpy(head, &all[at], sizeof head);
        const size_t size = head[0];
        const Exact text(reinterpret_cast<const uint8_t*>(all.data()) + at + sizeof head, size, head[1]);
        at += sizeof head + size;
        if (count == 2) {
            sources.emplace_back(digests.size() % 5 ? std::string(reinterpret_cast<const char*>(text.data), size) : "-");
            results.emplace_back();
            const Exact source(bytes(sources.back()), sources.back().size());
            through_engine(source, sources.back().size(), Options{}, Invalid::preserve, false, results.back());
        }
        Options usual, wide, cautious;
        wide.width = Width::all;
        cautious.min_confidence = 80;
        cautious.latin_gap = LatinGap::keep;
        kernel_faults += !kernels_alike(text, size, head[1] % 64, validate_utf8(text.data, size, false).ok);
        const Options* const sets[] = {&usual, &wide, &cautious};
        const size_t set = digests.size() % 3;
        digests.push_back(0xCBF29CE484222325);
        for (const Options* options : sets) {
            if (count > 2 && options != sets[set]) continue;
            for (const Invalid invalid : {Invalid::reject, Invalid::surrogates, Invalid::preserve}) {
                std::string whole, pieces;
                const bool traced = options != &usual;
                if (!through_engine(text, size, *options, invalid, traced, whole)) {
                    ++refused;
                } else {
                    different += !through_engine(text, size, *options, invalid, !traced, pieces) || pieces != whole;
                    for (const bool trace : {false, true})
                        different += !through_stream(text, size, *options, invalid, trace, pieces) || pieces != whole;
                }
                if (invalid == Invalid::surrogates && validate_utf8(text.data, size, true).ok) {
                    through_units(text, size, *options, pieces);
                    different += pieces != whole;
                }
                for (const char c : whole + '\n') digests.back() = (digests.back() ^ uint8_t(c)) * 0x100000001B3;
            }
        }
    }
    int lost = 0;
    EnginePool pool;
    for (const unsigned threads : {1u, 3u}) {
        if (sources.empty()) break;
        lost += through_batch(sources, results, threads, pool);
        for (const char* format : {"u", "U", "vu"}) lost += through_column(format, sources, results, threads, pool);
    }
    int malformed = 0, wrong = 0;
    if (!sources.empty()) wrong = through_malformed(20000, pool, malformed);
    if (count > 2)
        std::ofstream(arguments[2], std::ios::binary)
            .write(reinterpret_cast<const char*>(digests.data()), std::streamsize(digests.size() * 8));
    std::printf("%zu texts, %d times refused; that differ: %d streams, traced ones or str and %d rows from the whole, kernels of %d texts from "
                "the portable ones; %d malformed columns refused, %d failed otherwise\n",
                digests.size(), refused, different, lost, kernel_faults, malformed, wrong);
    return different + lost + kernel_faults + wrong > 0;
}
