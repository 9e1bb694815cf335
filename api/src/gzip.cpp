#include "gzip.hpp"

#include <zlib.h>

namespace auxeira::api {

namespace {

// The fastest: what more would save on the way costs more here.
constexpr int level = 1;
constexpr int gzip_window = 15 + 16;
constexpr int memory_level = 8;

// Kept by each thread: making its tables anew costs more than compressing a page.
class Deflater {
public:
    Deflater() {
        ready_ =
            deflateInit2(&stream_, level, Z_DEFLATED, gzip_window, memory_level, Z_DEFAULT_STRATEGY) == Z_OK;
    }
    ~Deflater() { deflateEnd(&stream_); }
    Deflater(const Deflater&) = delete;
    Deflater& operator=(const Deflater&) = delete;

    // False when it does not fit.
    bool run(std::string_view from, std::string& into) {
        if (!ready_ || deflateReset(&stream_) != Z_OK) return false;
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(from.data()));
        stream_.avail_in = static_cast<uInt>(from.size());
        stream_.next_out = reinterpret_cast<Bytef*>(into.data());
        stream_.avail_out = static_cast<uInt>(into.size());
        if (deflate(&stream_, Z_FINISH) != Z_STREAM_END) return false;
        into.resize(into.size() - stream_.avail_out);
        return true;
    }

private:
    z_stream stream_{};
    bool ready_ = false;
};

constexpr std::size_t longest = 1UL << 30;

} // namespace

std::optional<std::string> gzip(std::string_view text) {
    thread_local Deflater deflater;
    if (text.empty() || text.size() > longest) return std::nullopt;
    std::string packed(text.size() - 1, '\0');
    if (!deflater.run(text, packed)) return std::nullopt;
    packed.shrink_to_fit();
    return packed;
}

} // namespace auxeira::api
