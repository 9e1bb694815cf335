#include "synthesis/path.hpp"

#include <algorithm>
#include <utility>

#include "synthesis/draws.hpp"

namespace auxeira::synthesis {

namespace {

constexpr Fixed root_third = to_fixed(0.577350269189625765);
constexpr Fixed log2_growth = to_fixed(0.378511623253729813); // +30 % over the window
constexpr Fixed log2_fall = to_fixed(-0.321928094887362348);  // -20 %

// A fitted straight line and what is left around it.
struct Fit {
    Fixed mean;   // at the middle of the window
    Fixed slope;  // over the whole window
    Fixed spread; // root mean square of the residuals
};

// Sums for a least squares line over t = 2i - (count - 1), which are whole numbers around zero.
struct Sums {
    Wide values = 0;
    Wide moments = 0;
    Wide squares = 0; // in 2^-64

    void add(std::int64_t t, Fixed value) noexcept {
        values += value;
        moments += static_cast<Wide>(t) * value;
        const std::int64_t rounded = value >> (fraction_bits - 32);
        squares += static_cast<Wide>(rounded) * rounded;
    }

    // In p, the slope is 6 sum(t e) / (n (n + 1)), and sum((p - 1/2)^2) is n (n + 1) / (12 (n - 1)).
    Fit fit(std::int64_t n) const noexcept {
        const auto mean = static_cast<Fixed>(values / n);
        const auto slope = static_cast<Fixed>(6 * moments / (static_cast<Wide>(n) * (n + 1)));
        const Wide mean_part = static_cast<Wide>(mean >> 16) * (mean >> 16);
        const Wide slope_part =
            static_cast<Wide>(slope >> 16) * (slope >> 16) * (n + 1) / (static_cast<Wide>(n - 1) * 12);
        const Wide left = std::max<Wide>(squares / n - mean_part - slope_part, 0);
        return {mean, slope,
                static_cast<Fixed>(square_root(static_cast<UnsignedWide>(left)) << (fraction_bits - 32))};
    }
};

// The part of a volatile path that changes direction two to four times: a zigzag of the height 5 (the
// noise has the standard deviation 1), whose corners are jittered around even distances.
Pieces make_regimes(std::uint64_t key, Trend trend) noexcept {
    constexpr Fixed end = std::numeric_limits<Fixed>::max();
    Pieces pieces;
    if (trend != Trend::volatile_) {
        pieces.add({end, 0, 0});
        return pieces;
    }
    const Block choice = random_block(key, Purpose::regimes, 0);
    const Block jitter = random_block(key, Purpose::regimes, 1);
    const std::int64_t turns = 2 + choice[0] % 3;
    Fixed height = choice[1] % 2 == 0 ? 5 * one : -5 * one;
    Fixed start = 0, level = 0;
    for (std::int64_t turn = 1; turn <= turns + 1; ++turn, height = -height) {
        const bool last = turn > turns;
        const Fixed shift = last ? 0 : (uniform(jitter[static_cast<std::size_t>(turn - 1)]) - one / 2) / 2;
        const Fixed corner = (turn * one + shift) / (turns + 1);
        const Fixed slope = divide(height, corner - start);
        pieces.add({last ? end : corner, level - multiply(slope, start), slope});
        start = corner;
        level += height;
    }
    return pieces;
}

// The weight that gives the residuals the log standard deviation variance/sqrt(3), twice that when
// volatile. One or two points have no residuals, and of three next to none may be left.
Fixed noise_weight(const Window& window, Fixed spread) noexcept {
    if (spread < one >> 10) return 0;
    const Fixed deviation = multiply(multiply(window.variance, root_third), log2_e);
    return divide(window.trend == Trend::volatile_ ? 2 * deviation : deviation, spread);
}

} // namespace

// Of the outer process, driven by numbers of variance 1 through the inner one, the variance is
// (1 + a b) / ((1 - a b) (1 - a^2) (1 - b^2)).
Memory::Memory(std::int32_t count) noexcept {
    const std::int64_t steps = std::max(count - 1, 36); // twelve correlation times
    kept = exp2(fraction_bits * one - 12 * log2_e / steps);
    constexpr Fixed smooth = Noise::smoothness;
    const Fixed both = multiply(kept, smooth);
    const Fixed squares = multiply(one - multiply(kept, kept), one - multiply(smooth, smooth));
    const Fixed inverse = divide(multiply(one - both, squares), one + both);
    fresh = static_cast<Fixed>(square_root(static_cast<UnsignedWide>(inverse) << fraction_bits));
}

void Pieces::transform(Line base, Fixed weight) noexcept {
    for (std::size_t j = 0; j < count_; ++j) {
        Line& piece = pieces_[j];
        piece.intercept = base.intercept + multiply(weight, piece.intercept);
        piece.slope = base.slope + multiply(weight, piece.slope);
    }
}

Share Share::of(double correlation, std::size_t with) noexcept {
    const Fixed common = to_fixed(correlation);
    const Wide rest = static_cast<Wide>(one) * one - static_cast<Wide>(common) * common;
    return {with, common, static_cast<Fixed>(square_root(static_cast<UnsignedWide>(rest)))};
}

Path::Path(std::uint64_t key, std::uint64_t regimes_key, const Window& window, Share share)
    : noise_(key, window.memory), line_(make_regimes(regimes_key, window.trend)), share_(share) {}

// The sums of all paths over all points.
class Fitting {
public:
    Fitting(std::vector<Path>& paths, const Window& window)
        : paths_(paths), window_(window), sums_(paths.size()) {
        constexpr std::size_t most_kept = 1 << 18;
        const std::size_t values = paths.size() * static_cast<std::size_t>(window.count);
        keeps_ = values <= most_kept;
        if (keeps_) noise_.reserve(values);
    }

    void run(Pause pause) {
        const std::vector<Path> fresh = paths_;
        for (std::int64_t index = 0; index < window_.count; ++index) {
            if (pause != nullptr && index % points_between_pauses == points_between_pauses - 1) pause();
            add(index);
        }
        paths_ = fresh;
    }

    std::vector<Fixed> take_noise() { return std::move(noise_); }

    void settle(std::size_t j, const Course& course) const noexcept {
        const Fit line = window_.count > 2 ? sums_[j].fit(window_.count) : Fit{0, 0, 0};
        Path& path = paths_[j];
        path.weight_ = multiply(course.response, noise_weight(window_, line.spread));
        const Fixed mean = line.mean - line.slope / 2;
        path.line_.transform({0, course.level - multiply(path.weight_, mean),
                              course.slope - multiply(path.weight_, line.slope)},
                             path.weight_);
    }

private:
    void add(std::int64_t index) {
        const std::int64_t t = 2 * index - (window_.count - 1);
        const bool turns = window_.trend == Trend::volatile_;
        const Fixed position = turns ? window_.positions.at(index) : 0;
        for (std::size_t j = 0; j < paths_.size(); ++j) {
            Path& path = paths_[j];
            const Fixed noise = path.step(paths_[path.shared_with()].noise());
            sums_[j].add(t, turns ? noise + path.line_.at(position) : noise);
            if (keeps_) noise_.push_back(noise);
        }
    }

    std::vector<Path>& paths_;
    const Window& window_;
    std::vector<Sums> sums_;
    std::vector<Fixed> noise_;
    bool keeps_;
};

std::vector<Fixed> fit(std::vector<Path>& paths, const std::vector<Course>& courses, const Window& window,
                       Pause pause) {
    Fitting fitting(paths, window);
    if (window.count > 2) fitting.run(pause);
    for (std::size_t j = 0; j < paths.size(); ++j)
        fitting.settle(j, courses[j]);
    return fitting.take_noise();
}

Fixed slope_of(Trend trend, Direction good, Fixed z) noexcept {
    if (trend == Trend::stable || trend == Trend::volatile_) return 0;
    const bool grows = (trend == Trend::improving) == (good == Direction::up);
    return multiply(grows ? log2_growth : log2_fall, std::max(to_fixed(0.3), one + z / 4));
}

} // namespace auxeira::synthesis
