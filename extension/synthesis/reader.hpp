// Reads a request parameter by parameter, and gathers what is wrong with it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rejection.hpp"
#include "synthesis/config.hpp"

namespace auxeira::synthesis {

inline constexpr std::array<std::string_view, 4> trend_names = {"improving", "declining", "stable",
                                                                "volatile"};

class Reader {
public:
    std::uint64_t seed(std::optional<std::uint64_t> value);
    std::int64_t whole(const char* path, std::optional<std::int64_t> value, std::int64_t most);
    double fraction(const char* path, std::optional<double> value, double most = 1);

    // The position of the text among `names`.
    template <typename Names>
    std::size_t choice(const char* path, std::optional<std::string_view> text, const Names& names) {
        return choice(path, text, std::vector<std::string_view>(std::begin(names), std::end(names)));
    }
    std::size_t choice(const char* path, std::optional<std::string_view> text,
                       const std::vector<std::string_view>& names);

    template <typename Kind, typename Names>
    std::optional<Kind> optional_choice(const char* path, std::optional<std::string_view> text,
                                        const Names& names) {
        if (!text) return std::nullopt;
        return static_cast<Kind>(choice(path, text, names));
    }

    // That a time, or a window, lies in the years 1 to 9999.
    void moment(const char* path, std::int64_t time);
    void window(std::int64_t as_of, std::int64_t days);

    // Throws if anything was wrong, and says what to do.
    void finish(const char* hint = "See auxeira.synthetic_calibration() for stages, business models and "
                                   "their figures.");

private:
    bool present(const char* path, bool is_present);
    void add(const char* path, std::string message);

    std::vector<Fault> faults_;
    bool all_missing_ = true;
};

// The four parts of a profile, each of which may be absent.
Profile read_profile(Reader& reader, std::optional<std::string_view> stage,
                     std::optional<std::string_view> industry, std::optional<std::string_view> region,
                     std::optional<std::string_view> business_model);

} // namespace auxeira::synthesis
