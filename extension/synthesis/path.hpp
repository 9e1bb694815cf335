// The course of one metric over the window: a straight trend and autocorrelated noise around it, as the
// base-2 logarithm of the value.
#pragma once

#include <vector>

#include "synthesis/config.hpp"
#include "synthesis/random.hpp"

namespace auxeira::synthesis {

// How the noise of every metric of a series forgets: an AR(1) process driven by another, of variance 1. The
// inner one makes it smooth, so that a step is followed by one of the same direction more often than not.
struct Memory {
    // Correlation time: a twelfth of the window, but three points at least.
    explicit Memory(std::int32_t count) noexcept;

    Fixed kept;  // the share of a value that the next one keeps
    Fixed fresh; // the weight of the new number
};

// The values of that process one after the other. A copy of a fresh one gives the same values again.
class Noise {
public:
    Noise(std::uint64_t key, Memory memory) noexcept : key_(key), memory_(memory) {}

    Fixed next() noexcept {
        const std::size_t part = index_ % 4;
        if (part == 0) block_ = random_block(key_, Purpose::noise, index_ / 4);
        const Fixed number = heavy_normal(block_[part]);
        if (index_ == 0) {
            value_ = number;
        } else {
            drive_ = multiply(smoothness, drive_) + multiply(memory_.fresh, number);
            value_ = multiply(memory_.kept, value_) + drive_;
        }
        ++index_;
        return value_;
    }

    static constexpr Fixed smoothness = to_fixed(0.4);

private:
    std::uint64_t key_;
    Memory memory_;
    std::uint64_t index_ = 0;
    Block block_{};
    Fixed drive_ = 0;
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
inline constexpr std::int64_t points_between_pauses = 512;

// What all paths of a series have in common.
struct Window {
    explicit Window(const Config& config) noexcept
        : count(config.count), trend(config.trend), variance(to_fixed(config.variance)), memory(config.count),
          positions(config.count) {}

    std::int32_t count;
    Trend trend;
    Fixed variance;
    Memory memory;
    Positions positions;
};

// How a path shares its noise with another one.
struct Share {
    std::size_t with = 0; // the number of a path before it; its own for none
    Fixed common = 0;     // the correlation
    Fixed own = one;      // sqrt(1 - common^2)

    static Share of(double correlation, std::size_t with) noexcept;
    Fixed mix(Fixed other, Fixed fresh) const noexcept {
        return common == 0 ? fresh : multiply(common, other) + multiply(own, fresh);
    }
};

// log2 of level * exp(response * (trend * p + noise)): the constant and the linear part of the noise are
// taken out and its spread is made what the variance asks for, so that each series has the trend and the
// variance of its configuration and not only their expectation.
class Path {
public:
    // The keys of the noise and of the turns of a volatile path.
    Path(std::uint64_t key, std::uint64_t regimes_key, const Window& window, Share share);

    // Steps the noise to the next point, given that of the path that it shares it with.
    Fixed step(Fixed other) noexcept { return noise_value_ = share_.mix(other, noise_.next()); }
    // Steps to a point whose noise is known; step() is not called after it.
    void set_noise(Fixed value) noexcept { noise_value_ = value; }
    Fixed noise() const noexcept { return noise_value_; }
    std::size_t shared_with() const noexcept { return share_.with; }

    // The value at the present point, whose position is given.
    Fixed at(Fixed position) noexcept { return line_.at(position) + multiply(weight_, noise_value_); }

    friend class Fitting;

private:
    Noise noise_;
    Pieces line_;
    Share share_;
    Fixed noise_value_ = 0;
    Fixed weight_ = 0;
};

// Where a path goes: log2 of the level, of the change over the window, and the share of the variance.
struct Course {
    Fixed level, slope, response;
};

// Runs once through all points of the paths, and gives each its line and weight. Returns their noise, point
// by point, where that takes no more than two megabytes; nothing otherwise.
std::vector<Fixed> fit(std::vector<Path>& paths, const std::vector<Course>& courses, const Window& window,
                       Pause pause);

// The change of log2 over the window that a trend asks for: mu * max(0.3, 1 + z/4).
Fixed slope_of(Trend trend, Direction good, Fixed z) noexcept;

} // namespace auxeira::synthesis
