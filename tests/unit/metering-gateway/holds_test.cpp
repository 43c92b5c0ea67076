#include "commands/domain/order_plan.h"

#include <catch2/catch.hpp>
#include <sstream>

using namespace prepay;
using namespace prepay::metering;

namespace {

MeterHolds holds_of(const std::string& words) {
    MeterHolds holds;
    std::istringstream text(words);
    std::string word;
    while (text >> word) {
        if (word == "foreign") {
            holds.foreign_open = true;
        } else {
            Hold hold;
            hold.holder = holder_from_text(word).value();
            hold.initiator = "before";
            holds.place(std::move(hold));
        }
    }
    return holds;
}

std::string words_of(const MeterHolds& holds) {
    std::string words;
    for (const Hold& hold : holds.standing) {
        words += (words.empty() ? "" : " ") + std::string(holder_text(hold.holder));
    }
    if (holds.foreign_open) {
        words += words.empty() ? "foreign" : " foreign";
    }
    return words;
}

Command order_of(const std::string& words) {
    std::istringstream text(words);
    std::string holder;
    std::string action;
    text >> holder >> action;
    Command order;
    order.holder = holder_from_text(holder).value();
    order.action = action_from_text(action).value();
    order.initiator = "now";
    order.command_id = "c";
    return order;
}

LateOrder late(CommandAction action, Holder holder) {
    LateOrder order;
    order.action = action;
    order.holder = holder;
    order.create_time = from_micros(1);
    return order;
}

}  // namespace

TEST_CASE("I-29: who holds the power off, order by order") {
    struct Row {
        const char* order;
        const char* holds;
        const char* relay;  ///< "late" = an earlier order may still take effect.
        const char* step;
        const char* after;
    };
    const Row rows[] = {
        // A trip places its holder's hold.
        {"money trip", "", "closed", "send", "money"},
        {"operator trip", "", "closed", "send", "operator"},
        {"load_guard trip", "", "closed", "send", "load_guard"},
        {"time_plan trip", "", "closed", "send", "time_plan"},
        // A relay that is open already is not taken over, but held.
        {"money trip", "operator", "open", "as wanted", "money operator"},
        {"operator trip", "operator", "open", "as wanted", "operator"},
        {"money trip", "", "open", "as wanted", "money foreign"},
        // Somebody closed it by hand: what is held goes out again.
        {"money trip", "money", "closed", "send", "money"},
        // One hold released, none left: power.
        {"money close", "money", "open", "send", ""},
        {"operator close", "operator", "open", "send", ""},
        {"operator release", "operator", "open", "send", ""},
        {"time_plan close", "time_plan", "open", "send", ""},
        {"money close", "", "closed", "as wanted", ""},
        // Others still hold it.
        {"money close", "money operator", "open", "still held", "operator"},
        {"operator close", "money operator", "open", "still held", "money"},
        {"operator release", "money operator", "open", "still held", "money"},
        {"money close", "operator", "open", "still held", "operator"},
        {"time_plan close", "load_guard time_plan", "open", "still held", "load_guard"},
        // What somebody else opened is not money's to close; an operator decides.
        {"money close", "", "open", "still held", "foreign"},
        {"money close", "money foreign", "open", "still held", "foreign"},
        {"time_plan close", "time_plan foreign", "open", "still held", "foreign"},
        {"operator close", "", "open", "send", ""},
        {"operator close", "operator foreign", "open", "send", ""},
        {"operator close", "money foreign", "open", "still held", "money"},
        {"money close", "money meter", "open", "still held", "meter"},
        {"operator close", "meter", "open", "send", ""},
        // While an earlier order may still take effect what is seen proves nothing.
        {"money close", "", "late closed", "send", ""},
        {"money close", "", "late open", "send", ""},
        {"operator trip", "", "late open", "send", "operator"},
    };
    for (const Row& row : rows) {
        INFO(row.order << " | " << row.holds << " | " << row.relay);
        const Command order = order_of(row.order);
        const std::string relay = row.relay;
        OrderView view;
        view.late_effect = relay.rfind("late", 0) == 0;
        const bool open = relay.find("open") != std::string::npos;
        view.relay = open ? RelayState::kOpen : RelayState::kClosed;
        view.in_force = open == (order.action == CommandAction::kTrip);
        const OrderPlan plan = plan_order(holds_of(row.holds), order, view);
        const char* steps[] = {"send", "as wanted", "still held"};
        CHECK(steps[static_cast<int>(plan.step)] == std::string(row.step));
        CHECK(words_of(plan.after) == row.after);
    }
}

TEST_CASE("I-29: a hold keeps who placed it, and shows an override") {
    Command again = order_of("operator trip");
    again.override_keep_power = true;
    const OrderPlan plan =
        plan_order(holds_of("operator"), again, {RelayState::kOpen, true, false});
    REQUIRE(plan.after.standing.size() == 1);
    CHECK(plan.after.standing[0].initiator == "before");
    CHECK(plan.after.standing[0].keep_power_overridden);
    const OrderPlan first = plan_order({}, again, {RelayState::kClosed, false, false});
    CHECK(first.after.standing[0].initiator == "now");
    CHECK(first.after.standing[0].command_id == "c");
}

TEST_CASE("Which hold ends by its time, and when") {
    struct Row {
        const char* what;
        Holder holder;
        int expires_s;  // -1 = never.
        int now_s;
        bool due;
    };
    const Row rows[] = {
        {"before", Holder::kOperator, 60, 59, false},
        {"at the moment", Holder::kOperator, 60, 60, true},
        {"long after, the gateway was down", Holder::kOperator, 60, 100'000, true},
        {"without an end", Holder::kOperator, -1, 100'000, false},
        {"load guard", Holder::kLoadGuard, 60, 61, true},
        {"time plan", Holder::kTimePlan, 60, 61, true},
        {"money is account's to release", Holder::kMoney, 60, 61, false},
        {"the meter's own", Holder::kMeter, 60, 61, false},
    };
    for (const Row& row : rows) {
        INFO(row.what);
        MeterHolds holds = holds_of("money operator");
        Hold hold;
        hold.holder = row.holder;
        if (row.expires_s >= 0) {
            hold.expire_time = from_micros(row.expires_s * 1'000'000LL);
        }
        holds.place(hold);
        const auto due = due_release(holds, from_micros(row.now_s * 1'000'000LL));
        CHECK(due.has_value() == row.due);
        CHECK((!due || due->holder == row.holder));
    }
}

TEST_CASE("A release by time closes only what nobody else keeps off") {
    struct Row {
        const char* holds;
        const char* relay;
        const char* step;
        const char* after;
    };
    const Row rows[] = {
        {"operator", "open", "send", ""},
        {"operator", "closed", "as wanted", ""},
        {"money operator", "open", "still held", "money"},
        {"operator time_plan", "open", "still held", "time_plan"},
        // No person decided: the meter's own logic and foreign hands keep it off.
        {"operator meter", "open", "still held", "meter"},
        {"operator foreign", "open", "still held", "foreign"},
    };
    for (const Row& row : rows) {
        INFO(row.holds << " | " << row.relay);
        Command order = order_of("operator close");
        order.initiator = kOwnInitiator;
        const bool open = std::string(row.relay) == "open";
        const OrderPlan plan =
            plan_order(holds_of(row.holds), order,
                       {open ? RelayState::kOpen : RelayState::kClosed, !open, false});
        const char* steps[] = {"send", "as wanted", "still held"};
        CHECK(steps[static_cast<int>(plan.step)] == std::string(row.step));
        CHECK(words_of(plan.after) == row.after);
    }
}

TEST_CASE("Of two trips of one holder the one that ends later stands, with who wants it and why") {
    struct Row {
        int first_s;  // Until when; -1 = until it is released.
        int second_s;
        bool second_stands;
    };
    const Row rows[] = {{50, 90, true},  {50, -1, true},  {90, 50, false},
                        {50, 50, false}, {-1, 50, false}, {-1, -1, false}};
    const OrderView view{RelayState::kOpen, true, false};
    const auto until = [](int seconds) {
        return seconds < 0 ? std::nullopt : std::optional(from_micros(seconds * 1'000'000LL));
    };
    for (const Row& row : rows) {
        INFO(row.first_s << " then " << row.second_s);
        Command first = order_of("operator trip");
        first.command_id = "first";
        first.initiator = "user:admin";
        first.reason_text = "man on the line";
        first.create_time = from_micros(1);
        first.hold_expire_time = until(row.first_s);
        Command second = first;
        second.command_id = "second";
        second.initiator = "user:li";
        second.reason_text = "short test";
        second.create_time = from_micros(2);
        second.hold_expire_time = until(row.second_s);
        second.override_keep_power = true;
        const MeterHolds holds = plan_order({}, first, view).after;
        const Hold hold = plan_order(holds, second, view).after.standing.at(0);
        const Command& wanted = row.second_stands ? second : first;
        CHECK(hold.expire_time == wanted.hold_expire_time);
        CHECK(hold.command_id == wanted.command_id);
        CHECK(hold.initiator == wanted.initiator);
        CHECK(hold.reason_text == wanted.reason_text);
        CHECK(hold.place_time == first.create_time);
        CHECK(hold.keep_power_overridden);
        second.initiator = kOwnInitiator;  // A repair changes nothing of it.
        CHECK(plan_order(holds, second, view).after.standing.at(0).command_id == "first");
    }
}

TEST_CASE("What a look at the contact tells of holds, and what is to be undone") {
    struct Row {
        const char* holds;
        RelayState relay;
        std::optional<LateOrder> late;
        const char* after;
        const char* repair;
    };
    const auto trip = late(CommandAction::kTrip, Holder::kMoney);
    const auto close = late(CommandAction::kClose, Holder::kOperator);
    auto early = close;
    early.create_time = from_micros(-1);
    const Row rows[] = {
        {"", RelayState::kClosed, {}, "", ""},
        {"", RelayState::kOpen, {}, "foreign", ""},
        {"", RelayState::kOpen, trip, "", "close"},
        {"foreign", RelayState::kOpen, trip, "foreign", ""},
        {"foreign", RelayState::kClosed, {}, "", ""},
        {"meter", RelayState::kOpen, {}, "meter", ""},
        {"meter", RelayState::kClosed, {}, "", ""},
        {"operator", RelayState::kOpen, trip, "operator", ""},
        // The release came late: it is proven now. One that was ordered before the hold is undone.
        {"operator", RelayState::kClosed, close, "", ""},
        {"operator", RelayState::kClosed, early, "operator", "trip"},
        {"operator", RelayState::kClosed, {}, "operator", ""},
        {"money", RelayState::kClosed, trip, "money", ""},  // Account orders it again.
    };
    for (const Row& row : rows) {
        INFO(row.holds << " -> " << row.after);
        const MeterHolds after = observe_relay(holds_of(row.holds), row.relay, row.late);
        CHECK(words_of(after) == row.after);
        const auto repair = repair_of(after, row.relay, row.late);
        CHECK((repair ? action_text(repair->action) : "") == std::string(row.repair));
    }
}

TEST_CASE("An order of unknown outcome acts late for its horizon, counted from the next reading") {
    LateOrder order = late(CommandAction::kTrip, Holder::kMoney);
    order.horizon = std::chrono::minutes(15);
    const Instant start = from_micros(1'000'000'000);
    auto known = after_reading(order, start + std::chrono::hours(5));  // The line was down.
    REQUIRE(known);
    known = after_reading(known, start + std::chrono::hours(5) + std::chrono::minutes(14));
    REQUIRE(known);
    CHECK_FALSE(after_reading(known, start + std::chrono::hours(5) + std::chrono::minutes(15)));
    Command command;
    command.attempt_count = 1;
    for (const auto& [state, late_once] :
         {std::pair{CommandState::kNotVerified, true}, std::pair{CommandState::kContradicted, true},
          std::pair{CommandState::kVerified, false}, std::pair{CommandState::kRefused, false},
          std::pair{CommandState::kCancelled, false}}) {
        command.state = state;
        command.attempt_count = 1;
        CHECK(may_act_late(command) == late_once);
        command.attempt_count = 0;
        CHECK_FALSE(may_act_late(command));
    }
    command.state = CommandState::kVerified;
    command.attempt_count = 2;
    CHECK(may_act_late(command));
}

TEST_CASE("A relay that stays open after RELEASE is held by the meter's own logic") {
    const Command release = order_of("operator release");
    CHECK(words_of(after_release({}, release, RelayState::kOpen, {})) == "meter");
    CHECK(words_of(after_release({}, release, RelayState::kClosed, {})).empty());
    CHECK(words_of(after_release(holds_of("money"), release, RelayState::kOpen, {})) == "money");
}
