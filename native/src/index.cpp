// The loops of the search engine (connote.search.engine.kernels has the same in numpy, with equal results). Plain C++
// for any processor. Products and sums must not be fused, or results would depend on the processor.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <string_view>
#include <vector>

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

struct Hit {
    float score;
    int32_t doc;
    // Better ones come first: a greater score, among equals the smaller number.
    bool operator<(const Hit &other) const { return score != other.score ? score > other.score : doc < other.doc; }
};

// A string to be sorted. The first 8 bytes, as a number, decide nearly always.
struct Entry {
    uint64_t prefix;
    std::string_view rest;
    int32_t number;
    bool same(const Entry &other) const { return prefix == other.prefix && rest == other.rest; }
    bool operator<(const Entry &other) const {
        if (prefix != other.prefix) return prefix < other.prefix;
        int order = rest.compare(other.rest);
        return order ? order < 0 : number < other.number;
    }
};

Entry entry(const char *data, int64_t length, int32_t number) {
    uint64_t prefix = 0;
    for (int64_t i = 0; i < 8; i++) prefix = prefix << 8 | (i < length ? static_cast<unsigned char>(data[i]) : 0);
    // The whole string is compared after the prefix, since padding looks like zeros.
    return {prefix, {data, static_cast<size_t>(length)}, number};
}

}  // namespace

// Adds weights[t] * values[i] to scores[docs[i]] for i from starts[t] to ends[t], of each term t; sets matched[docs[i]].
EXPORT void connote_accumulate(int64_t terms, const int64_t *starts, const int64_t *ends, const float *weights,
                               const int32_t *__restrict docs, const float *__restrict values,
                               float *__restrict scores, uint8_t *__restrict matched) {
    for (int64_t t = 0; t < terms; t++) {
        float weight = weights[t];
        for (int64_t i = starts[t]; i < ends[t]; i++) {
            scores[docs[i]] += weight * values[i];
            matched[docs[i]] = 1;
        }
    }
}

// The same with weight - weight / (1 + freqs[i] * inverse[norms[docs[i]]]).
EXPORT void connote_bm25(int64_t terms, const int64_t *starts, const int64_t *ends, const float *weights,
                         const int32_t *__restrict docs, const int32_t *__restrict freqs,
                         const uint8_t *__restrict norms, const float *__restrict inverse, float *__restrict scores,
                         uint8_t *__restrict matched) {
    for (int64_t t = 0; t < terms; t++) {
        float weight = weights[t];
        for (int64_t i = starts[t]; i < ends[t]; i++) {
            int32_t doc = docs[i];
            scores[doc] += weight - weight / (1.f + static_cast<float>(freqs[i]) * inverse[norms[doc]]);
            matched[doc] = 1;
        }
    }
}

// The greatest score of the rows starts[d] to starts[d + 1], for each document d; -infinity if there is none.
EXPORT void connote_best(int64_t documents, const int32_t *starts, const float *scores, float *best) {
    for (int64_t d = 0; d < documents; d++) {
        float most = -std::numeric_limits<float>::infinity();
        for (int32_t row = starts[d]; row < starts[d + 1]; row++) most = std::max(most, scores[row]);
        best[d] = most;
    }
}

// The `count` best of the documents in the mask, into `found`; how many there are, or -1 without memory for them.
EXPORT int64_t connote_top(int64_t documents, const float *scores, const uint8_t *mask, int64_t count, int32_t *found) {
    try {
        std::vector<Hit> heap;  // the worst is on top
        heap.reserve(count);
        int64_t d = 0;
        for (; d < documents && static_cast<int64_t>(heap.size()) < count; d++)
            if (mask[d]) heap.push_back({scores[d], static_cast<int32_t>(d)});
        std::make_heap(heap.begin(), heap.end());
        constexpr int64_t BLOCK = 64;
        for (; d < documents; d += BLOCK) {
            int64_t end = std::min(d + BLOCK, documents);
            bool some = false;  // without a branch, so that it is done many at a time
            float least = heap.front().score;
            for (int64_t i = d; i < end; i++) some |= scores[i] > least;
            if (!some) continue;
            for (int64_t i = d; i < end; i++) {
                if (!(mask[i] && scores[i] > heap.front().score)) continue;
                std::pop_heap(heap.begin(), heap.end());
                heap.back() = {scores[i], static_cast<int32_t>(i)};
                std::push_heap(heap.begin(), heap.end());
            }
        }
        std::sort(heap.begin(), heap.end());
        for (size_t i = 0; i < heap.size(); i++) found[i] = heap[i].doc;
        return static_cast<int64_t>(heap.size());
    } catch (const std::bad_alloc &) {
        return -1;
    }
}

// Of `count` strings: the numbers of the distinct ones in the order of their bytes (the first of equals), and each one's
// place among these. How many are distinct, or -1 without memory for it.
EXPORT int64_t connote_distinct(int64_t count, const int64_t *starts, const char *data, int32_t *firsts,
                                int32_t *places) {
    try {
        std::vector<Entry> entries;
        entries.reserve(count);
        for (int64_t i = 0; i < count; i++)
            entries.push_back(entry(data + starts[i], starts[i + 1] - starts[i], static_cast<int32_t>(i)));
        std::sort(entries.begin(), entries.end());
        int32_t place = -1;
        for (int64_t i = 0; i < count; i++) {
            if (!i || !entries[i].same(entries[i - 1])) firsts[++place] = entries[i].number;
            places[entries[i].number] = place;
        }
        return place + 1;
    } catch (const std::bad_alloc &) {
        return -1;
    }
}
