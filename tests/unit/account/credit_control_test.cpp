#include "credit/domain/credit_control.h"

#include <catch2/catch.hpp>
#include <sstream>

namespace prepay::account {
namespace {

/// Runs a story, one word a step, and tells the intents and the belief after it.
std::string after(const std::string& story) {
    MeterSwitch meter;
    SwitchContext context{1, SwitchWish::kOn, Money(), from_micros(1'000'000'000)};
    std::istringstream words(story);
    std::string word;
    while (words >> word) {
        std::string last;
        for (SwitchIntent& intent : meter.intents) {
            last = intent.intent_id;
        }
        const std::string id =
            word.find(':') == std::string::npos ? last : word.substr(word.find(':') + 1);
        word = word.substr(0, word.find(':'));
        if (word == "broke" || word == "paid" || word == "closed") {
            context.wish = word == "broke"  ? SwitchWish::kOff
                           : word == "paid" ? SwitchWish::kOn
                                            : SwitchWish::kLeave;
            reconcile(meter, context);
        } else if (word == "claim") {
            claim(meter, id, "gateway", context);
        } else if (word == "verified" || word == "unknown" || word == "unsent") {
            settle(meter, id,
                   word == "verified"  ? CommandOutcome::kVerified
                   : word == "unknown" ? CommandOutcome::kUnknown
                                       : CommandOutcome::kNotSent,
                   context.now, context);
        } else if (word == "held" || word == "unheld") {
            observe_hold(meter, word == "held", context.now);
            reconcile(meter, context);
        } else if (word == "online") {
            forget_failures(meter);
            reconcile(meter, context);
        } else if (word == "wait") {
            context.now += std::chrono::seconds(5);
            reconcile(meter, context);
        } else if (word == "tick") {
            context.now += std::chrono::seconds(1);
        } else if (word == "moved") {
            context.account_no = 2;
            reconcile(meter, context);
        } else {
            FAIL("no such step: " + word);
        }
        for (SwitchIntent& intent : meter.intents) {
            intent.intent_id = std::to_string(intent.seq);
        }
    }
    std::string text;
    for (const SwitchIntent& intent : meter.intents) {
        static const char* const states[] = {"ready", "sending", "done", "cancelled", "failed"};
        text += std::string(intent.action == SwitchAction::kTrip ? "trip-" : "restore-") +
                states[static_cast<int>(intent.state)] + " ";
    }
    static const char* const beliefs[] = {"on", "off", "unknown"};
    return text + beliefs[static_cast<int>(meter.relay)];
}

}  // namespace

TEST_CASE("credit control, story by story") {
    const std::pair<const char*, const char*> stories[] = {
        {"", "on"},
        {"paid", "on"},
        {"broke", "trip-ready on"},
        {"broke broke", "trip-ready on"},
        {"broke paid", "trip-cancelled on"},
        {"broke paid claim:1", "trip-cancelled on"},
        {"broke paid broke", "trip-cancelled trip-ready on"},
        {"broke claim", "trip-sending on"},
        {"broke claim verified", "trip-done off"},
        {"broke claim verified broke", "trip-done off"},
        {"broke claim paid", "trip-sending restore-ready on"},
        {"broke claim claim", "trip-sending on"},
        {"broke claim paid claim:1", "trip-failed restore-ready unknown"},
        {"broke claim paid broke", "trip-sending restore-cancelled on"},
        {"broke claim paid verified:1", "trip-done restore-ready off"},
        {"broke claim paid claim:2", "trip-sending restore-sending on"},
        {"broke claim paid claim:2 verified:2 verified:1", "trip-done restore-done on"},
        {"broke claim paid claim:2 broke", "trip-sending restore-sending trip-ready on"},
        {"broke claim verified paid claim verified", "trip-done restore-done on"},
        {"broke claim unknown", "trip-failed unknown"},
        {"broke claim unknown wait", "trip-failed trip-ready unknown"},
        {"broke claim unknown tick paid", "trip-failed restore-ready unknown"},
        {"broke claim unknown online", "trip-failed trip-ready unknown"},
        {"broke claim unknown tick held", "trip-failed off"},
        {"broke claim unsent wait", "trip-failed trip-ready on"},
        {"broke claim unsent paid", "trip-failed on"},
        {"broke claim verified unheld", "trip-done off"},
        {"broke claim verified tick unheld", "trip-done trip-ready on"},
        {"tick unheld paid", "on"},
        // A trip that was given up came through all the same: the gateway says that money holds.
        {"broke claim unknown tick paid claim:2 verified:2 tick held",
         "trip-failed restore-done restore-ready off"},
        {"broke closed", "trip-cancelled on"},
        {"broke claim closed verified:1", "trip-done off"},
        {"broke claim verified paid closed claim", "trip-done restore-sending off"},
        {"broke moved", "trip-cancelled trip-ready on"},
        {"broke claim verified verified unknown", "trip-done off"},
    };
    for (const auto& [story, end] : stories) {
        INFO(story);
        CHECK(after(story) == end);
    }
}

TEST_CASE("failed switches pause longer each time, up to five minutes") {
    MeterSwitch meter;
    SwitchContext context{1, SwitchWish::kOff, Money(), from_micros(0)};
    Duration last{};
    for (int i = 0; i < 12; ++i) {
        reconcile(meter, context);
        meter.intents.back().intent_id = std::to_string(i);
        REQUIRE(claim(meter, std::to_string(i), "gateway", context));
        settle(meter, std::to_string(i), CommandOutcome::kUnknown, context.now, context);
        REQUIRE(meter.retry_time);
        const Duration pause = *meter.retry_time - context.now;
        CHECK(pause >= last);
        CHECK(pause <= kRetryPauseMax);
        last = pause;
        context.now = *meter.retry_time;
        meter.intents.clear();
    }
    CHECK(last == kRetryPauseMax);
}

}  // namespace prepay::account
