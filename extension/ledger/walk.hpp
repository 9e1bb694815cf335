// The versions of one row, from the newest to the oldest: the row as it is now, and the reverse difference of
// each change.
#pragma once

#include <optional>

#include "ledger/leaf.hpp"
#include "ledger/reader.hpp"

namespace auxeira::ledger {

// One stored change of the row. The views must outlive the walk.
struct Change {
    char operation; // one of operation_letters
    ByteView metadata;
    std::optional<ByteView> difference;
    std::optional<Salt> salt; // nothing when it was erased
    Hash leaf;
};

enum class Standing {
    proven,  // the leaf is that of the metadata and the row after the change
    erased,  // the salt or a part of the row is gone: nothing can be said
    altered, // the leaf is that of something else
};

class Walk {
public:
    // The row as it is now, encoded; nothing when there is none. A Rejection when it is malformed.
    explicit Walk(std::optional<ByteView> live_row);

    // The next older change: says whether it led to the state that the walk has come to, and goes back before
    // it. A Rejection when the difference is malformed or the operation is unknown.
    Standing step(const Change& change);

    // The state before the changes that were stepped over; nothing when there was no row.
    const std::optional<Row>& row() const noexcept { return row_; }
    // False when a part of the state is not known any more.
    bool is_known() const noexcept { return known_; }

private:
    Standing standing(const Change& change) const;
    void go_back(const Change& change);
    void become(std::optional<Row> row, bool lost);

    std::optional<Row> row_;
    bool lost_ = false; // a difference is gone, so that any column may be another
    bool known_ = true;
};

} // namespace auxeira::ledger
