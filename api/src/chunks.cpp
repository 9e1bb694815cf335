#include "chunks.hpp"

#include <algorithm>

namespace auxeira::api {

bool ChunkDecoder::digit(char c) {
    unsigned value = 16;
    if (c >= '0' && c <= '9') value = static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') value = static_cast<unsigned>(c - 'a') + 10;
    if (c >= 'A' && c <= 'F') value = static_cast<unsigned>(c - 'A') + 10;
    if (value == 16 || ++digits_ > 8) return false;
    remaining_ = remaining_ * 16 + value;
    return true;
}

// One byte of framing. A chunk's size is checked before its data is waited for.
ChunkDecoder::Step ChunkDecoder::next(char c, std::size_t limit) {
    const auto expect = [&](char wanted, State then) {
        state_ = then;
        return c == wanted ? Step::more : Step::malformed;
    };
    switch (state_) {
    case State::size_start:
        remaining_ = digits_ = 0;
        state_ = State::size;
        return digit(c) ? Step::more : Step::malformed;
    case State::size:
        if (c != '\r') return digit(c) ? Step::more : Step::malformed;
        state_ = State::size_lf;
        return remaining_ + total_ > limit ? Step::too_large : Step::more;
    case State::size_lf:
        return expect('\n', remaining_ == 0 ? State::last_cr : State::data);
    case State::data_cr:
        return expect('\r', State::data_lf);
    case State::data_lf:
        return expect('\n', State::size_start);
    case State::last_cr:
        return expect('\r', State::last_lf);
    case State::last_lf:
        return c == '\n' ? Step::complete : Step::malformed;
    case State::data:
        break;
    }
    return Step::malformed;
}

ChunkDecoder::Step ChunkDecoder::feed(std::string_view& input, std::string& body, std::size_t limit,
                                      bool store) {
    while (!input.empty()) {
        if (state_ == State::data) {
            const std::size_t length = std::min<std::uint64_t>(remaining_, input.size());
            if (store) body.append(input.substr(0, length));
            input.remove_prefix(length);
            total_ += length;
            remaining_ -= length;
            if (remaining_ == 0) state_ = State::data_cr;
            continue;
        }
        const Step step = next(input.front(), limit);
        input.remove_prefix(1);
        if (step != Step::more) return step;
    }
    return Step::more;
}

} // namespace auxeira::api
