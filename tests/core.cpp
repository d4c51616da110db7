// Runs texts through the engine, aligned with their results, as units of a str, in pieces through a stream, and all at
// once through a batch and Arrow columns with threads, in memory of just their size; for sanitize.py and neon.py.
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

#include "alignment.hpp"
#include "arrow.hpp"
#include "batch.hpp"
#include "hanflow/api.hpp"
#include "kernels/kernels.hpp"
#include "units.hpp"
#include "utf8.hpp"

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

// false: refused; the result says where and why.
bool through_engine(const Exact& text, size_t size, const Options& options, Invalid invalid, bool trace, std::string& result) {
    Engine engine;
    const Plan plan = engine.plan(text.data, size, options, invalid, trace);
    if (plan.status != Status::ok) {
        result = std::to_string(plan.error_begin) + " " + std::to_string(plan.error_end) + " " + plan.error_reason;
        return false;
    }
    result.assign(reinterpret_cast<const char*>(text.data), size);
    if (trace) align(text, size, plan, invalid);
    if (!plan.changed) return true;
    const Exact out(plan.size);
    engine.emit(out.data);
    result.assign(reinterpret_cast<char*>(out.data), plan.size);
    return true;
}

// A well-formed text as units of a str, there and back; as wide as it needs, or wider.
void through_units(const Exact& text, size_t size, const Options& options, std::string& result) {
    Engine engine;
    const Extent extent = extent_of(text.data, size);
    const int unit_bytes = extent.most < 0xC4 ? 1 : extent.most < 0xF0 ? 2 : 4;
    const Exact units(extent.length * size_t(unit_bytes));
    utf8_to_units(text.data, size, units.data, extent.length, unit_bytes);
    const Plan plan = engine.plan_units(units.data, extent.length, unit_bytes, options);
    Extent made = extent;
    std::unique_ptr<Exact> out;
    if (plan.changed) {
        made = engine.extent();
        out.reset(new Exact(made.length * 4));
        engine.emit_units(out->data, made.most < 0xC4 ? 1 : made.most < 0xF0 ? 2 : 4);
    }
    const int made_bytes = made.most < 0xC4 ? 1 : made.most < 0xF0 ? 2 : 4;
    result.resize(utf8_room(made.length, made_bytes));
    result.resize(units_to_utf8(out ? out->data : units.data, made.length, made_bytes, reinterpret_cast<uint8_t*>(&result[0])));
}

// trace: the result is made of the edits, which must come in order and not before what is settled.
bool through_stream(const Exact& text, size_t size, const Options& options, Invalid invalid, bool trace, std::string& result) {
    Stream stream(options, invalid, trace);
    std::string replayed;
    size_t done = 0, settled = 0;
    result.clear();
    for (size_t at = 0;;) {
        const size_t step = std::min(size - at, size_t(1 + std::rand() % (1 + std::rand() % 700)));
        const Exact piece(text.data + at, step);
        at += step;
        const Plan plan = stream.feed(piece.data, step, at == size);
        if (plan.status != Status::ok) return false;
        result.append(reinterpret_cast<const char*>(stream.output()), plan.size);
        for (const Edit* edit = plan.edits; edit != plan.edits + plan.edit_count; ++edit) {
            if (edit->begin < std::max(done, settled) || edit->end > at) std::abort();
            replayed.append(reinterpret_cast<const char*>(text.data) + done, edit->begin - done);
            replayed.append(plan.texts + edit->text, edit->text_size);
            done = edit->end;
        }
        if (trace) settled = plan.settled;
        if (at == size) break;
    }
    replayed.append(reinterpret_cast<const char*>(text.data) + done, size - done);
    if (trace) result = replayed;
    return true;
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

// Whether the masks of a well-formed text are those of the portable scan.
bool scans_alike(const Exact& text, size_t size) {
    const std::unique_ptr<Masks> masks(new Masks), expected(new Masks);
    for (size_t at = 0; at < size; at += SCAN_BYTES) {
        const size_t bytes = std::min(size - at, SCAN_BYTES);
        kernels().scan(text.data + at, bytes, size - at, *masks);
        portable::table.scan(text.data + at, bytes, size - at, *expected);
        if (std::memcmp(masks->word, expected->word, ((bytes + 63) / 64 + 1) * sizeof masks->word[0])) return false;
    }
    return true;
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
    int refused = 0, different = 0, scans = 0;
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
        if (validate_utf8(text.data, size, true).ok) scans += !scans_alike(text, size);
        const Options* const sets[] = {&usual, &wide, &cautious};
        const size_t set = digests.size() % 3;
        digests.push_back(0xCBF29CE484222325);
        for (const Options* options : sets) {
            if (count > 2 && options != sets[set]) continue;
            for (const Invalid invalid : {Invalid::reject, Invalid::surrogates, Invalid::preserve}) {
                std::string whole, pieces;
                if (!through_engine(text, size, *options, invalid, options != &usual, whole))
                    ++refused;
                else
                    for (const bool trace : {false, true})
                        different += !through_stream(text, size, *options, invalid, trace, pieces) || pieces != whole;
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
    std::printf("%zu texts, %d times refused; that differ: %d streams or str and %d rows from the whole, %d scans from the portable one; "
                "%d malformed columns refused, %d failed otherwise\n",
                digests.size(), refused, different, lost, scans, malformed, wrong);
    return different + lost + scans + wrong > 0;
}
