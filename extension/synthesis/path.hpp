// The course of one metric over the window: a straight trend and autocorrelated noise around it, as the
// base-2 logarithm of the value.
#pragma once

#include "synthesis/config.hpp"
#include "synthesis/random.hpp"

namespace auxeira::synthesis {

// How the noise of every metric of a series forgets: an AR(1) process of variance 1.
struct Memory {
    // Correlation time: a twelfth of the window, but three points at least.
    explicit Memory(std::int32_t count) noexcept;

    Fixed kept;  // the share of a value that the next one keeps
    Fixed fresh; // sqrt(1 - kept^2), the weight of the new number
};

// The values of that process one after the other. A copy of a fresh one gives the same values again.
class Noise {
public:
    Noise(std::uint64_t key, Memory memory) noexcept : key_(key), memory_(memory) {}

    Fixed next() noexcept {
        const std::size_t part = index_ % 4;
        if (part == 0) block_ = random_block(key_, Purpose::noise, index_ / 4);
        const Fixed number = normal(block_[part]);
        value_ = index_ == 0 ? number : multiply(memory_.kept, value_) + multiply(memory_.fresh, number);
        ++index_;
        return value_;
    }

private:
    std::uint64_t key_;
    Memory memory_;
    std::uint64_t index_ = 0;
    Block block_{};
    Fixed value_ = 0;
};

// A line over the position p in the window (0 to 1), valid up to a position.
struct Line {
    Fixed until;
    Fixed intercept, slope;

    Fixed at(Fixed position) const noexcept { return intercept + multiply(slope, position); }
};

// Straight pieces end to end; positions must not fall.
class Pieces {
public:
    static constexpr std::size_t most = 5;

    void add(Line piece) noexcept { pieces_[count_++] = piece; }
    // Replaces every piece by `base` + `weight` * piece.
    void transform(Line base, Fixed weight) noexcept;

    Fixed at(Fixed position) noexcept {
        while (position > pieces_[current_].until)
            ++current_;
        return pieces_[current_].at(position);
    }

private:
    std::array<Line, most> pieces_{};
    std::size_t count_ = 0;
    std::size_t current_ = 0;
};

// The positions of `count` points in the window: 0 to 1 in even steps; 1 when there is one point only.
class Positions {
public:
    explicit Positions(std::int32_t count) noexcept
        : step_(count > 1 ? (std::int64_t{1} << 62) / (count - 1) : 0), single_(count == 1) {}

    Fixed at(std::int64_t index) const noexcept {
        return single_ ? one : (index * step_) >> (62 - fraction_bits);
    }

private:
    std::int64_t step_;
    bool single_;
};

// Called now and then by what takes long, so that the caller can honour a cancel; it may throw.
using Pause = void (*)();

// What all paths of a series have in common.
struct Window {
    explicit Window(const Config& config) noexcept
        : count(config.count), trend(config.trend), variance(to_fixed(config.variance)), memory(config.count),
          positions(config.count) {}

    // What is left is the trend.
    Window without_noise() const noexcept {
        Window quiet = *this;
        quiet.variance = 0;
        return quiet;
    }

    std::int32_t count;
    Trend trend;
    Fixed variance;
    Memory memory;
    Positions positions;
};

// log2 of level * exp(response * (trend * p + noise)): the constant and the linear part of the noise are
// taken out and its spread is made what the variance asks for, so that each series has the trend and the
// variance of its configuration and not only their expectation.
class Path {
public:
    Path() noexcept : noise_(0, Memory(1)) {}
    Path(std::uint64_t key, const Window& window, const Metric& metric, Fixed log_level, Pause pause);

    // The value at the next point, whose position is given.
    Fixed next(Fixed position) noexcept { return line_.at(position) + multiply(weight_, noise_.next()); }

private:
    Noise noise_;
    Pieces line_;
    Fixed weight_ = 0;
};

} // namespace auxeira::synthesis
