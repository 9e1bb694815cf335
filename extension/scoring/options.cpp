#include "scoring/options.hpp"

#include <string>

#include "rejection.hpp"
#include "scoring/faults.hpp"

namespace auxeira::scoring {

namespace {

template <typename Rows>
[[noreturn]] void refuse(const Rows& rows, std::string_view name, std::string_view what) {
    std::string known;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        known += (i == 0 ? "" : i + 1 == rows.size() ? " or " : ", ") + std::string(rows[i].name);
    }
    throw Rejection(Reason::invalid_value, "unknown " + std::string(what),
                    {{std::string(what), "must be " + known + ", not " + quoted(name)}});
}

template <typename Choice, typename Rows>
Choice named(const Rows& rows, std::string_view name, std::string_view what) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (rows[i].name == name) return static_cast<Choice>(i);
    }
    refuse(rows, name, what);
}

} // namespace

Scale scale_named(std::string_view name) {
    return named<Scale>(scales, name, "scale");
}

MissingPolicy missing_policy_named(std::string_view name) {
    return named<MissingPolicy>(missing_policies, name, "missing_policy");
}

Verification verification_named(std::string_view name) {
    return named<Verification>(verifications, name, "verification");
}

} // namespace auxeira::scoring
