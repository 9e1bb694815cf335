// Decoding of chunked bodies (RFC 9112, 7.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace auxeira::api {

// Strict: no chunk extensions, no trailers, no bare line feeds.
class ChunkDecoder {
public:
    enum class Step { more, complete, malformed, too_large };

    // Takes from the front of the input; the decoded body may not grow beyond the limit.
    Step feed(std::string_view& input, std::string& body, std::size_t limit, bool store);

private:
    enum class State { size_start, size, size_lf, data, data_cr, data_lf, last_cr, last_lf };

    Step next(char c, std::size_t limit);
    bool digit(char c);

    State state_ = State::size_start;
    std::uint64_t remaining_ = 0;
    std::uint64_t total_ = 0;
    unsigned digits_ = 0;
};

} // namespace auxeira::api
