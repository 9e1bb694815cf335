#include "ledger/walk.hpp"

#include <algorithm>

#include "ledger/metadata.hpp"
#include "rejection.hpp"

namespace auxeira::ledger {

namespace {

// What was before a change.
enum class Before { nothing, difference, whole_row, same };

struct OperationRow {
    char letter;
    Before before;
};

constexpr std::array<OperationRow, operation_letters.size()> operations{{
    {'I', Before::nothing},
    {'B', Before::nothing},
    {'U', Before::difference},
    {'A', Before::difference},
    {'D', Before::whole_row},
    {'T', Before::whole_row},
    {'X', Before::whole_row},
    {'E', Before::same},
    {'C', Before::same},
}};

Before before(char letter) {
    const auto* row = std::ranges::find(operations, letter, &OperationRow::letter);
    if (row == operations.end()) throw Rejection(Reason::invalid_value, "unknown operation of a change");
    return row->before;
}

bool is_whole(const Row& row) {
    return std::ranges::none_of(row, [](const Field& field) { return field.value.tag == Tag::erased; });
}

} // namespace

Walk::Walk(std::optional<ByteView> live_row) {
    if (live_row) row_ = read_row(*live_row);
}

Standing Walk::step(const Change& change) {
    const Standing found = standing(change);
    go_back(change);
    return found;
}

Standing Walk::standing(const Change& change) const {
    if (!change.salt || !known_) return Standing::erased;
    std::optional<ByteView> row;
    Bytes encoding;
    if (row_) {
        encoding = encode(*row_);
        row = encoding;
    }
    return leaf_hash(*change.salt, change.metadata, row) == change.leaf ? Standing::proven
                                                                        : Standing::altered;
}

void Walk::go_back(const Change& change) {
    const Before was = before(change.operation);
    if (was == Before::same) return;
    if (was == Before::nothing) return become(std::nullopt, false);
    // Every update and deletion has a difference: one that is gone was erased with the salt.
    if (!change.difference) return become(was == Before::whole_row ? Row{} : std::move(row_), true);
    Row columns = read_difference(*change.difference);
    if (was == Before::whole_row) return become(std::move(columns), false);
    become(older_row(columns, row_.value_or(Row{})), lost_);
}

void Walk::become(std::optional<Row> row, bool lost) {
    row_ = std::move(row);
    lost_ = lost;
    known_ = !lost && (!row_ || is_whole(*row_));
}

} // namespace auxeira::ledger
