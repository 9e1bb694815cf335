// Registering, logging in and refreshing: the flows in which a password or a refresh token appears. The
// database sees an argon2id hash and a SHA-256, never the secrets themselves.
#pragma once

#include "database.hpp"
#include "exchange.hpp"
#include "password.hpp"
#include "settings.hpp"
#include "token.hpp"

#include <optional>

namespace auxeira::api {

class Account {
public:
    Account(const Settings& settings, const Tokens& tokens, Database& database, PasswordPool& passwords)
        : settings_(settings), tokens_(tokens), database_(database), passwords_(passwords) {}

    // Begins the flow of the exchange's route, or answers at once.
    std::optional<Response> start(const ExchangePtr& exchange);

private:
    struct Flow;
    using FlowPtr = std::shared_ptr<Flow>;

    std::optional<Problem> register_user(const FlowPtr& flow);
    std::optional<Problem> login(const FlowPtr& flow);
    std::optional<Problem> refresh(const FlowPtr& flow);

    void hash_new_password(const FlowPtr& flow);
    void store_user(const FlowPtr& flow, Session& session);
    void find_credentials(const FlowPtr& flow, Session& session);
    void check_password(const FlowPtr& flow);
    void open_session(const FlowPtr& flow, Session& session);
    void rotate(const FlowPtr& flow, Session& session);

    std::int64_t session_lifetime(const Flow& flow) const;
    bool on_database(const FlowPtr& flow, void (Account::*step)(const FlowPtr&, Session&));
    bool on_password_pool(const FlowPtr& flow, void (Account::*step)(const FlowPtr&));
    void answer(const FlowPtr& flow, const Problem& problem) const;
    void answer(const FlowPtr& flow, const Reply& reply, int status) const;

    const Settings& settings_;
    const Tokens& tokens_;
    Database& database_;
    PasswordPool& passwords_;
};

} // namespace auxeira::api
