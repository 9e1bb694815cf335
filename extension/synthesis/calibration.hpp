// What the model is calibrated to: every constant in one table, with where it comes from.
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace auxeira::synthesis {

enum class Stage { pre_seed, seed, series_a, series_b, series_c, growth, late };
enum class BusinessModel { b2c, smb, mid_market, enterprise, marketplace };
enum class Industry { fintech, health, education, agriculture, climate, commerce, software, other };
enum class Region { africa, asia, europe, latin_america, north_america, other };

inline constexpr std::array<std::string_view, 7> stage_names = {"pre_seed", "seed",   "series_a", "series_b",
                                                                "series_c", "growth", "late"};
inline constexpr std::array<std::string_view, 5> business_model_names = {"b2c", "smb", "mid_market",
                                                                         "enterprise", "marketplace"};
inline constexpr std::array<std::string_view, 8> industry_names = {
    "fintech", "health", "education", "agriculture", "climate", "commerce", "software", "other"};
inline constexpr std::array<std::string_view, 6> region_names = {"africa",        "asia",          "europe",
                                                                 "latin_america", "north_america", "other"};

// By name, whatever the case; any name that is not in the list is `other`.
Industry find_industry(std::string_view name) noexcept;
Region find_region(std::string_view name) noexcept;

// One constant. Evidence: V read in a published source, X computed and checked, M general knowledge, P
// proposal of this project.
struct Constant {
    std::string_view topic, key, parameter;
    double value;
    std::string_view unit;
    char evidence;
    std::string_view source;
};

std::span<const Constant> calibration() noexcept;

// The value of a constant, which must exist.
double calibrated(std::string_view topic, std::string_view key, std::string_view parameter) noexcept;
double calibrated(Stage stage, std::string_view parameter) noexcept;
double calibrated(BusinessModel model, std::string_view parameter) noexcept;
double calibrated(Industry industry, std::string_view parameter) noexcept;
double calibrated(Region region, std::string_view parameter) noexcept;

} // namespace auxeira::synthesis
