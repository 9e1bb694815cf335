// From a request to its answer: route, token, checks, the call of the SQL API.
#pragma once

#include "account.hpp"
#include "database.hpp"
#include "event_streams.hpp"
#include "exchange.hpp"
#include "files.hpp"
#include "monitor.hpp"
#include "rate_limits.hpp"
#include "replica.hpp"
#include "request_figures.hpp"
#include "settings.hpp"
#include "token.hpp"
#include "vault.hpp"
#include "verdict_cache.hpp"

#include <atomic>
#include <string>

namespace auxeira::api {

class Gateway : public Application {
public:
    Gateway(const Settings& settings, const Tokens& tokens, const Vault& vault, Database& database,
            Replica& replica, const Account& account, EventStreams& events, const Monitor& monitor,
            const Files& files, RateLimits& limits);

    BodyPlan examine(Exchange& exchange) override;
    std::optional<Response> answer_now(Exchange& exchange) override;
    std::optional<Response> start(const ExchangePtr& exchange) override;
    Response refuse(Exchange& exchange, const Refusal& refusal) override;
    void complete(const Exchange& exchange, Response& response) override;
    void answered(const Exchange& exchange, const Response& response) override;

    const RequestFigures& figures() const { return figures_; }

    // From now on /ready says no; requests are answered as before.
    void retire() { retired_ = true; }

private:
    void identify_request(Exchange& exchange) const;
    void locate_client(Exchange& exchange) const;
    std::string cors_lines(std::string_view origin) const;

    // Each finds one kind of fault, which is known before the body is read.
    std::optional<Response> check_address(Exchange& exchange);
    std::optional<Response> check_identity(Exchange& exchange);
    std::optional<Response> check_route(Exchange& exchange) const;
    std::optional<Response> check_token(Exchange& exchange);
    std::optional<Response> check_accept(Exchange& exchange) const;
    std::optional<Response> check_conditions(Exchange& exchange) const;
    std::optional<Response> check_body_type(const Exchange& exchange) const;

    Response options(const Exchange& exchange) const;
    Response ready() const;
    Response database_is_down(const Exchange& exchange) const;

    // A call of the SQL API on its way: what was asked, until it is answered.
    struct Call;
    using CallPtr = std::shared_ptr<Call>;

    std::optional<Response> call(const ExchangePtr& exchange);
    bool prepare_elsewhere(const ExchangePtr& exchange);
    bool ask_replica(const CallPtr& call, const std::string& demanded);
    std::optional<Response> ask_primary(const CallPtr& call);
    template <typename Answer>
    Question question(const CallPtr& call, bool may_be_repeated, Answer answer) const;

    // On a thread of the database.
    void answer_from_replica(const CallPtr& call, const Reply& reply);
    void answer_reply(Exchange& exchange, const Reply& reply) const;
    void answer_rows(Exchange& exchange, const Reply& reply) const;

    const Settings& settings_;
    const Tokens& tokens_;
    VerdictCache verdicts_;
    const Vault& vault_;
    Database& database_;
    Replica& replica_;
    const Account& account_;
    EventStreams& events_;
    const Monitor& monitor_;
    const Files& files_;
    RateLimits& limits_;
    RequestFigures figures_;
    std::atomic<bool> retired_{false};
};

} // namespace auxeira::api
