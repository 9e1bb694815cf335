// Gathers everything that is wrong with an input, so that one refusal names it all.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "rejection.hpp"

namespace auxeira::scoring {

class Faults {
public:
    // More are counted, not kept: a million wrong answers must not fill the memory with complaints.
    static constexpr std::size_t most_kept = 1000;

    void add(std::string path, std::string message);
    bool empty() const noexcept { return kept_.empty(); }

    // Throws a Rejection that names the faults, if there are any.
    void check(std::string_view message, std::string_view hint) const;

private:
    std::vector<Fault> kept_;
    std::size_t dropped_ = 0;
};

// The value as a fault names it: the shortest decimal text that reads back as the same number.
std::string show(double value);

} // namespace auxeira::scoring
