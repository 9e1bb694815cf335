// The one-time code or recovery code that came with a request.
#pragma once

#include "fields.hpp"
#include "vault.hpp"

#include <string>
#include <string_view>

namespace auxeira::api {

// The context in which a user's secret is sealed.
std::string totp_context(std::string_view user);

class SecondFactor {
public:
    enum class Verdict { right, wrong, missing };

    // Of the one-time code and the recovery code at most one.
    void read(Fields& fields, std::string_view code_name);
    // The one-time code and nothing else.
    void require(Fields& fields, std::string_view code_name) { code_ = fields.secret(code_name); }

    bool given() const { return code_ || recovery_code_; }

    // Holds the code against the user's secret, as the database keeps it. Whether a recovery code is right is
    // known to the database alone, as is whether a code was used before: it gets what the next two give.
    Verdict check(const Vault& vault, std::string_view user, std::string_view sealed_secret);
    const char* step() const { return step_.empty() ? nullptr : step_.c_str(); }
    const char* recovery_hash() const { return recovery_hash_.empty() ? nullptr : recovery_hash_.c_str(); }

private:
    SecretPtr code_;
    SecretPtr recovery_code_;
    std::string step_;
    std::string recovery_hash_;
};

} // namespace auxeira::api
