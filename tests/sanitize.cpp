// Runs texts through the engine, in pieces through a stream, and all at once through a batch and Arrow columns with threads, in
// memory of just their size; for sanitize.py.
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

#include "arrow.hpp"
#include "batch.hpp"
#include "hanflow/api.hpp"

using namespace hanflow;

namespace {

// A copy without room behind it, so that a byte read too many is seen.
std::unique_ptr<uint8_t[]> exact(const uint8_t* data, size_t size) {
    std::unique_ptr<uint8_t[]> copy(new uint8_t[size]);
    if (size) std::memcpy(copy.get(), data, size);
    return copy;
}

bool through_engine(const uint8_t* data, size_t size, const Options& options, Invalid invalid, bool trace, std::string& result) {
    Engine engine;
    const auto text = exact(data, size);
    const Plan plan = engine.plan(text.get(), size, options, invalid, trace);
    if (plan.status != Status::ok) return false;
    std::unique_ptr<uint8_t[]> out(new uint8_t[plan.size]);
    engine.emit(out.get());
    result.assign(reinterpret_cast<char*>(out.get()), plan.size);
    return true;
}

bool through_stream(const uint8_t* data, size_t size, const Options& options, Invalid invalid, std::string& result) {
    Stream stream(options, invalid);
    result.clear();
    for (size_t at = 0;;) {
        const size_t step = std::min(size - at, size_t(1 + std::rand() % (1 + std::rand() % 700)));
        const auto piece = exact(data + at, step);
        at += step;
        const Plan plan = stream.feed(piece.get(), step, at == size);
        if (plan.status != Status::ok) return false;
        result.append(reinterpret_cast<const char*>(stream.output()), plan.size);
        if (at == size) return true;
    }
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
        const std::string result(reinterpret_cast<const char*>(item.changed ? batch.result(i) : item.data),
                                 item.changed ? item.out_size : item.size);
        different += want[i] != result;
    }
    return different;
}

template <typename T>
const void* keep(std::vector<std::unique_ptr<uint8_t[]>>& memory, const std::vector<T>& values) {
    memory.push_back(exact(reinterpret_cast<const uint8_t*>(values.data()), values.size() * sizeof(T)));
    return memory.back().get();
}

// The same through a column, from its third row on: of offsets of 4 or 8 bytes, or of views.
int through_column(const char* format, const Texts& texts, const Texts& want, unsigned threads, EnginePool& pool) {
    struct View {
        int32_t size, rest[3];
    };
    std::vector<std::unique_ptr<uint8_t[]>> memory;
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

}  // namespace

// The file: each text behind its size in four bytes, little-endian.
int main(int, char** arguments) {
    std::ifstream file(arguments[1], std::ios::binary);
    const std::vector<char> all((std::istreambuf_iterator<char>(file)), {});
    int texts = 0, refused = 0, different = 0;
    Texts sources, results;
    for (size_t at = 0; at + 4 <= all.size(); ++texts) {
        uint32_t size;
        std::memcpy(&size, &all[at], 4);
        const uint8_t* const data = reinterpret_cast<const uint8_t*>(all.data()) + at + 4;
        at += 4 + size;
        sources.emplace_back(texts % 5 ? std::string(reinterpret_cast<const char*>(data), size) : "-");
        results.emplace_back();
        through_engine(bytes(sources.back()), sources.back().size(), Options{}, Invalid::preserve, false, results.back());
        Options usual, wide, cautious;
        wide.width = Width::all;
        cautious.min_confidence = 80;
        cautious.latin_gap = LatinGap::keep;
        for (const Options& options : {usual, wide, cautious}) {
            for (const Invalid invalid : {Invalid::surrogates, Invalid::preserve}) {
                std::string whole, pieces;
                if (!through_engine(data, size, options, invalid, &options != &usual, whole))
                    ++refused;
                else if (!through_stream(data, size, options, invalid, pieces) || pieces != whole)
                    ++different;
            }
        }
    }
    int lost = 0;
    EnginePool pool;
    for (const unsigned threads : {1u, 3u}) {
        lost += through_batch(sources, results, threads, pool);
        for (const char* format : {"u", "U", "vu"}) lost += through_column(format, sources, results, threads, pool);
    }
    std::printf("%d texts, %d times refused, %d streams and %d rows that differ from the whole\n", texts, refused, different, lost);
    return different + lost > 0;
}
