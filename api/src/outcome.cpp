#include "outcome.hpp"

namespace auxeira::api {

void answer_problem(Exchange& exchange, const Problem& problem) {
    exchange.answer(to_response(problem, exchange.request.path, exchange.id));
}

void log_failure(const Exchange& exchange, const DatabaseError& error) {
    log_line(Level::error, "statement failed",
             JsonObject()
                 .text("requestId", exchange.id)
                 .text("sqlstate", error.sqlstate)
                 .text("reason", error.message)
                 .text("detail", error.detail)
                 .text("hint", error.hint));
}

void answer_failure(Exchange& exchange, const Reply& reply) {
    if (reply.state() == Reply::State::lost) return answer_problem(exchange, unavailable());
    if (reply.state() == Reply::State::late) return answer_problem(exchange, overloaded());
    const Problem problem = problem_of(reply.error());
    if (problem.status >= 500) log_failure(exchange, reply.error());
    Response response = to_response(problem, exchange.request.path, exchange.id);
    response.sqlstate = reply.error().sqlstate;
    exchange.answer(response);
}

} // namespace auxeira::api
