// What a new password may be: long enough, not among the common and leaked ones, not made of the user's own
// names (OWASP ASVS 5.0, 6.2). Nothing is asked of its characters, and none of them is changed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace auxeira::api {

class PasswordRules {
public:
    PasswordRules() = default;
    explicit PasswordRules(const std::vector<std::string>& known);

    // A file with one password in each line, millions of them if need be. An empty path is an empty list.
    // Throws SettingsError when the file cannot be read.
    static PasswordRules from_file(const std::string& path);

    // What is wrong with a password, for a person; nothing when it may be taken. The context is what an
    // attacker tries first: the address of the user, the name of the organization.
    std::optional<std::string> fault(std::string_view password,
                                     const std::vector<std::string>& context) const;

private:
    void learn(std::string_view password);
    void finish_learning();
    bool is_known(std::string_view password) const;

    // Hashes, sorted. Of ten million there is one in 10^12 that a good password has by chance.
    std::vector<std::uint64_t> known_;
};

} // namespace auxeira::api
