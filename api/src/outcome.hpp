// How the threads behind the IO threads end an exchange when something went wrong.
#pragma once

#include "database.hpp"
#include "exchange.hpp"
#include "log.hpp"
#include "problem.hpp"

namespace auxeira::api {

void answer_problem(Exchange& exchange, const Problem& problem);

// For a reply without rows. The real reason of a 5xx goes to the log, never to the client.
void answer_failure(Exchange& exchange, const Reply& reply);

void log_failure(const Exchange& exchange, const DatabaseError& error);

// Runs a step; whatever it throws becomes a 500.
template <typename Step>
void guarded(Exchange& exchange, Step step) noexcept {
    try {
        try {
            step();
        } catch (...) {
            log_current_exception("request failed", exchange.id);
            answer_problem(exchange, internal_error());
        }
    } catch (...) { // no memory for an answer: the exchange closes its connection
    }
}

} // namespace auxeira::api
