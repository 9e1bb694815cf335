// What happens to points on their way: left out, late, corrected; and to the company: sudden changes of
// level.
#pragma once

#include <vector>

#include "synthesis/draws.hpp"

namespace auxeira::synthesis {

class Reporting {
public:
    Reporting(const Config& config, std::uint64_t key);

    // The last point is always reported.
    bool is_missing(std::int64_t index) const noexcept;
    // When the point of a time is reported: at once, or up to 20 days later, but not after as_of.
    std::int64_t reported_at(std::int64_t index, std::int64_t time) const noexcept;
    bool is_restated(std::int64_t index) const noexcept;
    // What a value was reported as before it was corrected, as a factor of 2^-32.
    std::int64_t first_factor(std::int64_t index, std::size_t column) const noexcept;

    // log2 of what the shocks up to a position have made of 1; positions must not fall.
    Fixed shock(Fixed position) noexcept;

private:
    struct Shock {
        Fixed position, size;
    };

    Stream stream_;
    std::int64_t last_, as_of_;
    Fixed missing_, late_, restated_;
    std::vector<Shock> shocks_;
    std::size_t next_ = 0;
    Fixed shifted_ = 0;
};

} // namespace auxeira::synthesis
