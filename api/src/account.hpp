// The flows in which a password, a one-time code or a refresh token appears. The database sees argon2id
// hashes, SHA-256 and sealed texts, never the secrets themselves.
#pragma once

#include "database.hpp"
#include "exchange.hpp"
#include "password.hpp"
#include "password_rules.hpp"
#include "settings.hpp"
#include "token.hpp"
#include "vault.hpp"

#include <functional>
#include <optional>

namespace auxeira::api {

// What the flows work with.
struct AccountTools {
    const Settings& settings;
    const Tokens& tokens;
    const Vault& vault;
    const PasswordRules& rules;
    Database& database;
    PasswordPool& passwords;
    std::function<void()> wake_mailer = {}; // called when there is a mail to be sent
};

class Account {
public:
    explicit Account(AccountTools tools) : tools_(std::move(tools)) {}

    // Begins the flow of the exchange's route, or answers at once.
    std::optional<Response> start(const ExchangePtr& exchange) const;

    // Somebody else's call has written one.
    void mail_is_waiting() const {
        if (tools_.wake_mailer) tools_.wake_mailer();
    }

private:
    AccountTools tools_;
};

} // namespace auxeira::api
