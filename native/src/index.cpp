// The loops of the search engine (connote.search.engine.kernels has the same in numpy, with equal results). Plain C++
// for any processor. Products and sums must not be fused, or results would depend on the processor.
#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <string_view>
#include <vector>

#define EXPORT extern "C" __attribute__((visibility("default")))

// A function that is compiled for several processors, of which the loader takes the one that is there.
#if defined(__x86_64__) && defined(__gnu_linux__) && __GNUC__ >= 12 && !defined(__clang__)
#define WIDEST __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define WIDEST
#endif

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

// Rows whose products are taken at a time, and ROUNDED of connote.search.engine.codes.
constexpr int64_t BOUND_ROWS = 512;
constexpr double ROUNDED = 2 * static_cast<double>(std::numeric_limits<float>::epsilon());

// What a term adds: of sparse vectors the product, of texts BM25.
struct Product {
    const float *__restrict values;
    float operator()(float weight, int64_t i, int32_t) const { return weight * values[i]; }
};

struct Bm25 {
    const int32_t *__restrict freqs;
    const uint8_t *__restrict norms;
    const float *__restrict inverse;
    float operator()(float weight, int64_t i, int32_t doc) const {
        return weight - weight / (1.f + static_cast<float>(freqs[i]) * inverse[norms[doc]]);
    }
};

struct Lists {
    int64_t terms;
    const int64_t *starts, *ends;
    const float *weights;
    const int32_t *docs;
};

template <class Added>
void accumulate(const Lists &lists, Added added, float *__restrict scores, uint8_t *__restrict matched) {
    const int32_t *__restrict docs = lists.docs;
    for (int64_t t = 0; t < lists.terms; t++) {
        float weight = lists.weights[t];
        for (int64_t i = lists.starts[t]; i < lists.ends[t]; i++) {
            int32_t doc = docs[i];
            scores[doc] += added(weight, i, doc);
            matched[doc] = 1;
        }
    }
}

// The best so far; the worst of them is on top of the heap.
class Best {
  public:
    explicit Best(int64_t count) : count_(count) { heap_.reserve(count); }
    bool full() const { return static_cast<int64_t>(heap_.size()) == count_; }
    // Documents come in rising order, so an equal score is not better. What is no number is never among the best: it would
    // not sort.
    bool beats(float score) const { return full() ? score > heap_.front().score : score == score; }
    void add(float score, int32_t doc) {
        if (full()) {
            std::pop_heap(heap_.begin(), heap_.end());
            heap_.back() = {score, doc};
        } else {
            heap_.push_back({score, doc});
        }
        std::push_heap(heap_.begin(), heap_.end());
    }
    // Documents from `first` on: those of the mask, if their score counts. Most blocks have none that is better, which is
    // seen many at a time.
    template <class Counts>
    void add(const float *scores, const uint8_t *mask, int32_t first, int32_t count, Counts counts) {
        constexpr int32_t BLOCK = 64;
        for (int32_t begin = 0; begin < count; begin += BLOCK) {
            int32_t end = std::min(begin + BLOCK, count);
            if (full()) {
                float least = heap_.front().score;
                int32_t some = 0;
                for (int32_t i = begin; i < end; i++) some |= scores[i] > least;
                if (!some) continue;
            }
            for (int32_t i = begin; i < end; i++)
                if (mask[i] && beats(scores[i]) && counts(scores[i])) add(scores[i], first + i);
        }
    }
    float worst() const { return heap_.front().score; }
    const std::vector<Hit> &sorted() {
        std::sort(heap_.begin(), heap_.end());
        return heap_;
    }

  private:
    int64_t count_;
    std::vector<Hit> heap_;
};

// The first of docs[from], docs[from + 1], … that is not below `bound`: in leaps, since it is seldom far.
int64_t until(const int32_t *docs, int64_t from, int64_t to, int32_t bound) {
    int64_t leap = 64;
    while (from + leap < to && docs[from + leap] < bound) from += leap, leap *= 2;
    return std::lower_bound(docs + from, docs + std::min(from + leap + 1, to), bound) - docs;
}

// What nothing was added to. Any sum is something else, as +0 is added to each part: -0 + 0 is 0.
constexpr float NOTHING = -0.f;
int32_t something(float sum) { return std::bit_cast<uint32_t>(sum) != std::bit_cast<uint32_t>(NOTHING); }

// From sums of rows to each document's best, of those of its rows that have one.
void fold(const int32_t *owners, int32_t documents, const std::vector<float> &sums, std::vector<float> &folded) {
    folded.assign(documents, NOTHING);
    const float *rows = sums.data() - owners[0];
    for (int32_t d = 0; d < documents; d++) {
        constexpr float NONE = -std::numeric_limits<float>::infinity();
        int32_t some = 0;
        float most = NONE;
        for (int32_t r = owners[d]; r < owners[d + 1]; r++) {
            int32_t is_one = something(rows[r]);
            some |= is_one;
            most = std::max(most, is_one ? rows[r] : NONE);
        }
        if (some) folded[d] = most;
    }
}

// Ranks without arrays of all scores: some documents at a time, so that their sums stay in the second-level cache.
// `owners` says which rows of the lists are whose (a document's best row counts); null if rows are documents.
template <class Added>
int64_t rank(const Lists &lists, Added added, int64_t documents, const int32_t *owners, const uint8_t *mask,
             int64_t count, int32_t *found, float *found_scores, int64_t *total) {
    constexpr int32_t BLOCK = 1 << 16;
    std::vector<int64_t> at(lists.starts, lists.starts + lists.terms);
    // Kept by the thread: fresh memory of this size would be mapped, and so cleared by the system, for every query.
    thread_local std::vector<float> sums, best_sums;
    Best best(count);
    *total = 0;
    for (int32_t first = 0, last; first < documents; first = last) {
        last = static_cast<int32_t>(std::min<int64_t>(first + BLOCK, documents));
        int32_t row = owners ? owners[first] : first, end = owners ? owners[last] : last;
        sums.assign(end - row, NOTHING);
        float *__restrict scores = sums.data();
        for (int64_t t = 0; t < lists.terms; t++) {
            float weight = lists.weights[t];
            int64_t stop = until(lists.docs, at[t], lists.ends[t], end);
            float *__restrict from = scores - row;
            const int32_t *__restrict docs = lists.docs;
            for (int64_t i = at[t]; i < stop; i++) from[docs[i]] += added(weight, i, docs[i]) + 0.f;
            at[t] = stop;
        }
        if (owners) {
            fold(owners + first, last - first, sums, best_sums);
            scores = best_sums.data();
        }
        int32_t some = 0;
        for (int32_t i = 0; i < last - first; i++) some += something(scores[i]) & mask[first + i];
        *total += some;
        best.add(scores, mask + first, first, last - first, something);
    }
    const auto &hits = best.sorted();
    for (size_t i = 0; i < hits.size(); i++) found[i] = hits[i].doc, found_scores[i] = hits[i].score;
    return static_cast<int64_t>(hits.size());
}

// Vectors in codes, and a query: connote.search.engine.codes says what these are.
struct Codes {
    int64_t rows, dimensions;
    const int8_t *values;
    const float *scales, *errors, *lengths;
};

struct Asked {
    const int16_t *codes;
    double step, per_error, per_length, least, length, room;
    enum : int64_t { DOT, COSINE, L2 } similarity;
};

// What rises as a row is nearer, at least and at most, for rows from `first` on; false if one of these is no number. The
// products are whole numbers, and nothing is fused: the same on any processor, so the widest is taken.
WIDEST bool bounds(const Codes &codes, const Asked &asked, int64_t first, int64_t count, float *__restrict least,
                   float *__restrict most) {
    int32_t sums[BOUND_ROWS];
    for (int64_t r = 0; r < count; r++) {
        const int8_t *__restrict row = codes.values + (first + r) * codes.dimensions;
        const int16_t *__restrict query = asked.codes;
        int32_t sum = 0;
        for (int64_t i = 0; i < codes.dimensions; i++) sum += static_cast<int16_t>(row[i]) * query[i];
        sums[r] = sum;
    }
    const float *__restrict scales = codes.scales + first, *__restrict errors = codes.errors + first;
    const float *__restrict lengths = codes.lengths + first;
    constexpr float GREATEST = std::numeric_limits<float>::max();
    int32_t known = 1;
    for (int64_t r = 0; r < count; r++) {
        double own = lengths[r];
        double about = sums[r] * (scales[r] * asked.step);
        double off = errors[r] * asked.per_error + own * asked.per_length + asked.least;
        if (asked.similarity == Asked::COSINE) {
            double both = lengths[r] * static_cast<float>(asked.length);
            about = both > 0 ? about / both : 0;  // a zero vector's cosine is 0
            off = both > 0 ? off / both : 0;
        } else if (asked.similarity == Asked::L2) {
            double both = own + asked.length;
            about = about * 2 - own * own;
            off = off * 2 + both * both * asked.room;
        }
        off += 2 * ROUNDED;
        least[r] = static_cast<float>(about - off);
        most[r] = static_cast<float>(about + off);
        known &= least[r] >= -GREATEST & most[r] <= GREATEST;
    }
    return known;
}

// To each document d the greatest of its rows, starts[d] to starts[d + 1]; -infinity without one.
void greatest(const int32_t *starts, int64_t documents, const float *rows, float *__restrict best) {
    for (int64_t d = 0; d < documents; d++) {
        float most = -std::numeric_limits<float>::infinity();
        for (int32_t row = starts[d]; row < starts[d + 1]; row++) most = std::max(most, rows[row]);
        best[d] = most;
    }
}

int64_t near(const Codes &codes, const Asked &asked, int32_t documents, const int32_t *owners, const uint8_t *mask,
             int64_t count, int32_t *found) {
    thread_local std::vector<float> least, most, folded;
    least.resize(codes.rows), most.resize(codes.rows);
    bool known = true;
    for (int64_t first = 0; first < codes.rows && known; first += BOUND_ROWS) {
        int64_t some = std::min(BOUND_ROWS, codes.rows - first);
        known = bounds(codes, asked, first, some, least.data() + first, most.data() + first);
    }
    int64_t number = 0;
    float bound = -std::numeric_limits<float>::infinity();
    if (known && count > 0) {
        for (auto *each : {&least, &most}) {
            if (!owners) break;
            folded.resize(documents);
            greatest(owners, documents, each->data(), folded.data());
            std::swap(*each, folded);
        }
        Best best(std::min<int64_t>(count, documents));
        best.add(least.data(), mask, 0, documents, [](float) { return true; });
        if (documents >= count && best.full()) bound = best.worst();
    } else {
        known = false;
    }
    for (int32_t d = 0; d < documents; d++) {
        found[number] = d;
        number += mask[d] && (!known || most[d] >= bound);
    }
    return number;
}

// -1 if there is not enough memory.
template <class Function>
int64_t guarded(Function function) {
    try {
        return function();
    } catch (const std::bad_alloc &) {
        return -1;
    }
}

}  // namespace

// Counts the forms that these functions have had: who calls them with another form's arguments would crash.
EXPORT int32_t connote_index_form() { return 3; }

// Adds weights[t] * values[i] to scores[docs[i]] for i from starts[t] to ends[t], of each term t; sets matched[docs[i]].
EXPORT void connote_accumulate(const Lists *lists, const float *values, float *scores, uint8_t *matched) {
    accumulate(*lists, Product{values}, scores, matched);
}

// The same with weight - weight / (1 + freqs[i] * inverse[norms[docs[i]]]).
EXPORT void connote_bm25(const Lists *lists, const int32_t *freqs, const uint8_t *norms, const float *inverse,
                         float *scores, uint8_t *matched) {
    accumulate(*lists, Bm25{freqs, norms, inverse}, scores, matched);
}

// The best documents of the mask by these sums, with their scores; `total` is how many of the mask have any term. How
// many are found, or -1 without memory for them.
EXPORT int64_t connote_rank(const Lists *lists, const float *values, int64_t documents, const int32_t *owners,
                            const uint8_t *mask, int64_t count, int32_t *found, float *scores, int64_t *total) {
    return guarded([&] { return rank(*lists, Product{values}, documents, owners, mask, count, found, scores, total); });
}

EXPORT int64_t connote_rank_bm25(const Lists *lists, const int32_t *freqs, const uint8_t *norms, const float *inverse,
                                 int64_t documents, const uint8_t *mask, int64_t count, int32_t *found, float *scores,
                                 int64_t *total) {
    Bm25 added{freqs, norms, inverse};
    return guarded([&] { return rank(*lists, added, documents, nullptr, mask, count, found, scores, total); });
}

// The greatest score of the rows starts[d] to starts[d + 1], for each document d; -infinity if there is none.
EXPORT void connote_best(int64_t documents, const int32_t *starts, const float *scores, float *best) {
    greatest(starts, documents, scores, best);
}

// Documents of the mask, rising, among which the `count` are that are nearest to the query, into `found`, which has room
// for all. How many, or -1 without memory for it. `owners` as above.
EXPORT int64_t connote_near(const Codes *codes, const Asked *asked, int64_t documents, const int32_t *owners,
                            const uint8_t *mask, int64_t count, int32_t *found) {
    return guarded([&] { return near(*codes, *asked, static_cast<int32_t>(documents), owners, mask, count, found); });
}

// The `count` best of the documents in the mask, into `found`; how many there are, or -1 without memory for them.
EXPORT int64_t connote_top(int64_t documents, const float *scores, const uint8_t *mask, int64_t count, int32_t *found) {
    return guarded([&] {
        Best best(count);
        best.add(scores, mask, 0, static_cast<int32_t>(documents), [](float) { return true; });
        const auto &hits = best.sorted();
        for (size_t i = 0; i < hits.size(); i++) found[i] = hits[i].doc;
        return static_cast<int64_t>(hits.size());
    });
}

// Of `count` strings: the numbers of the distinct ones in the order of their bytes (the first of equals), and each one's
// place among these. How many are distinct, or -1 without memory for it.
EXPORT int64_t connote_distinct(int64_t count, const int64_t *starts, const char *data, int32_t *firsts,
                                int32_t *places) {
    return guarded([&] {
        std::vector<Entry> entries;
        entries.reserve(count);
        for (int64_t i = 0; i < count; i++)
            entries.push_back(entry(data + starts[i], starts[i + 1] - starts[i], static_cast<int32_t>(i)));
        std::sort(entries.begin(), entries.end());
        int64_t place = -1;
        for (int64_t i = 0; i < count; i++) {
            if (!i || !entries[i].same(entries[i - 1])) firsts[++place] = entries[i].number;
            places[entries[i].number] = static_cast<int32_t>(place);
        }
        return place + 1;
    });
}
