// Answers kept for Idempotency-Key: see auxeira.idempotent_answers.
#pragma once

#include <optional>
#include <string>

#include "boundary/door.hpp"
#include "ledger/bytes.hpp"

extern "C" {
#include "utils/jsonb.h"
}

namespace auxeira::functions {

struct KeptAnswer {
    int status;
    const char* body; // lives until the SPI connection ends
};

// One key of the caller in force. Runs as the role that owns the answers.
class Replay {
public:
    // Until the transaction ends nobody else has this key. Error ZA409 when somebody has.
    Replay(std::string function, const std::string& key, Jsonb* request);

    // Nothing for a new key. Error ZA422 when it came with another request before.
    std::optional<KeptAnswer> find() const;

    void keep(int status, const char* body) const;

private:
    const std::string function_;
    const ledger::Hash key_;
    const ledger::Hash request_;
};

} // namespace auxeira::functions
