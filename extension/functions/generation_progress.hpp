// How far a generation is: for its client, for administrators and for others of its organization.
#pragma once

#include <cstdint>

#include "boundary/door.hpp"

extern "C" {
#include "utils/timestamp.h"
}

namespace auxeira::functions {

// Shows it in pg_stat_progress_copy and to auxeira.running_generations(), and gives notice every second. What
// was begun and not ended ends with the transaction.
class Progress {
public:
    // The organization and the session are uuids.
    Progress(Oid table, std::int64_t total, const NullableDatum& organization, const NullableDatum& session);

    void report(std::int64_t done);
    void end();

private:
    const std::int64_t total_;
    TimestampTz told_;
};

} // namespace auxeira::functions
