#include "commands/domain/command.h"

#include <catch2/catch.hpp>

using namespace prepay::metering;

TEST_CASE("B32, I-14: what follows a write and its read-back") {
    using W = WriteOutcome;
    using R = ReadBack;
    using S = CommandStep;
    struct Row {
        const char* what;
        CommandFacts facts;
        S step;
    };
    //                                              settled attempts superseded expired
    const Row rows[] = {
        {"proof counts",
         {W::kAcknowledged, R::kAsOrdered, false, true, false, false},
         S::kVerified},
        {"proof counts although the answer was lost",
         {W::kUnknown, R::kAsOrdered, false, false, true, true},
         S::kVerified},
        {"proof counts although the write was refused",
         {W::kRefused, R::kAsOrdered, true, false, false, false},
         S::kVerified},
        {"refused", {W::kRefused, R::kOtherwise, false, true, false, false}, S::kRefused},
        {"refused and unreadable",
         {W::kRefused, R::kUnreadable, false, true, false, false},
         S::kRefused},
        {"relays take time",
         {W::kAcknowledged, R::kOtherwise, false, true, false, false},
         S::kReadAgain},
        {"acknowledged and otherwise",
         {W::kAcknowledged, R::kOtherwise, true, true, false, false},
         S::kContradicted},
        {"never a blind repeat",
         {W::kUnknown, R::kUnreadable, true, true, false, false},
         S::kReadAgain},
        {"not readable in time",
         {W::kUnknown, R::kUnreadable, true, true, false, true},
         S::kNotVerified},
        {"a newer order does not wait for it",
         {W::kUnknown, R::kUnreadable, false, true, true, false},
         S::kNotVerified},
        {"lost without effect: once more",
         {W::kUnknown, R::kOtherwise, true, true, false, false},
         S::kSendAgain},
        {"late execution is given time",
         {W::kUnknown, R::kOtherwise, false, true, false, false},
         S::kReadAgain},
        {"no attempts left",
         {W::kUnknown, R::kOtherwise, true, false, false, false},
         S::kNotVerified},
        {"I-11: never repeated once superseded",
         {W::kUnknown, R::kOtherwise, true, true, true, false},
         S::kNotVerified},
        {"busy meter", {W::kBusy, R::kOtherwise, true, true, false, false}, S::kSendAgain},
    };
    for (const Row& row : rows) {
        INFO(row.what);
        CHECK(decide_step(row.facts) == row.step);
    }
}

TEST_CASE("Words of states and actions go both ways") {
    for (int i = 0; i <= static_cast<int>(CommandState::kStillHeld); ++i) {
        const auto state = static_cast<CommandState>(i);
        CHECK(state_from_text(state_text(state)) == state);
    }
    for (const CommandAction action :
         {CommandAction::kTrip, CommandAction::kClose, CommandAction::kRelease}) {
        CHECK(action_from_text(action_text(action)) == action);
    }
    CHECK_FALSE(state_from_text("done"));
    CHECK_FALSE(action_from_text("1A"));
    CHECK_FALSE(is_final(CommandState::kSending));
    CHECK(is_final(CommandState::kVerified));
}
