// What a new password may be: long enough, not among the most common ones, not made of the user's own names
// (OWASP ASVS 5.0, 6.2). Nothing is asked of its characters, and none of them is changed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace auxeira::api {

class PasswordRules {
public:
    PasswordRules() = default;
    explicit PasswordRules(std::vector<std::string> common);

    // A file with one password in each line. An empty path is an empty list. Throws SettingsError when the
    // file cannot be read.
    static PasswordRules from_file(const std::string& path);

    // What is wrong with a password, for a person; nothing when it may be taken. The context is what an
    // attacker tries first: the address of the user, the name of the organization.
    std::optional<std::string> fault(std::string_view password,
                                     const std::vector<std::string>& context) const;

private:
    bool is_common(std::string_view password) const;

    std::vector<std::string> common_; // in lower case, sorted
};

} // namespace auxeira::api
