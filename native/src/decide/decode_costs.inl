// What the lanes of the Viterbi pass need of the weights; stands before the vector of a CPU path and decode.inl.

using namespace lattice;

// LOOSE by its place: no room too much, then up to 2, 4, 8, 16 q, more.
WEIGHED int16_t L(int place) { return int16_t(shifted(weights::LOOSE[place])); }
