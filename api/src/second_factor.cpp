#include "second_factor.hpp"

#include "encoding.hpp"
#include "one_time_code.hpp"

#include <ctime>
#include <stdexcept>

namespace auxeira::api {

std::string totp_context(std::string_view user) {
    return "totp:" + std::string(user);
}

void SecondFactor::read(Fields& fields, std::string_view code_name) {
    code_ = fields.optional_secret(code_name);
    recovery_code_ = fields.optional_secret("recoveryCode");
    if (code_ && recovery_code_) fields.refuse("recoveryCode", "is not needed beside a one-time code");
}

SecondFactor::Verdict SecondFactor::check(const Vault& vault, std::string_view user,
                                          std::string_view sealed_secret) {
    if (recovery_code_) {
        const auto hash = recovery_code_hash(recovery_code_->text());
        if (hash) recovery_hash_ = bytea(*hash);
        return hash ? Verdict::right : Verdict::wrong;
    }
    if (!code_) return Verdict::missing;
    auto opened = vault.open(sealed_secret, totp_context(user));
    if (!opened) throw std::runtime_error("the secret of a second factor cannot be opened");
    const Secret secret(std::move(*opened));
    const auto step = matching_step(secret.text(), code_->text(), std::time(nullptr));
    if (step) step_ = std::to_string(*step);
    return step ? Verdict::right : Verdict::wrong;
}

} // namespace auxeira::api
