#include <catch2/catch.hpp>
#include <deque>
#include <random>

#include "credit/domain/credit_control.h"

// Random races of charges, payments, keep-power, claims, the wire and its results on the pure state
// machine, with a gateway that loses, delays, repeats and fails, and frames that act late (I-11,
// I-12).
namespace prepay::account {
namespace {

struct Result {
    std::string intent_id;
    CommandOutcome outcome;
    Instant finish_time;
};

class Race {
public:
    explicit Race(unsigned seed) : random_(seed) {}

    void run() {
        const unsigned steps = 10 + below(60);
        for (unsigned i = 0; i < steps; ++i) {
            step();
            now_ += std::chrono::milliseconds(below(3000));
        }
        settle_down();
    }

    void check() const {
        const bool must_be_off = wish() == SwitchWish::kOff;
        if (must_be_off) {
            CHECK(open_);
        } else {
            CHECK_FALSE(open_);
        }
        CHECK(frames_against_balance_ == 0);
    }

private:
    unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }
    SwitchWish wish() const { return switch_wish(terms_, balance_, 1); }
    SwitchContext context() const { return {1, wish(), balance_, now_}; }

    /// What the adapter does: new intents get an id and reach the gateway, final ones go.
    void save() {
        for (SwitchIntent& intent : meter_.intents) {
            if (intent.intent_id.empty()) {
                intent.intent_id = std::to_string(intent.seq);
                queue_.push_back(intent.intent_id);
            }
            intent.changed = false;
        }
        int ready = 0;
        std::erase_if(meter_.intents, [&](const SwitchIntent& intent) {
            ready += intent.state == IntentState::kReady;
            return intent.state != IntentState::kReady && intent.state != IntentState::kSending;
        });
        CHECK(ready <= 1);
    }

    void post(Money amount) {
        const SwitchWish before = wish();
        balance_ += amount;
        if (wish() != before) {
            reconcile(meter_, context());
        }
        save();
    }

    void keep_power(bool on) {
        terms_.keep_power = on;
        reconcile(meter_, context());
        save();
    }

    /// The gateway works on the oldest intent: claims it and puts a frame on the wire.
    void wire(bool healthy) {
        if (queue_.empty()) {
            return;
        }
        const std::string id = queue_.front();
        bool is_trip = false;
        for (const SwitchIntent& intent : meter_.intents) {
            is_trip = intent.intent_id == id ? intent.action == SwitchAction::kTrip : is_trip;
        }
        const bool granted = claim(meter_, id, "gateway", context());
        save();
        if (!healthy && below(4) == 0) {
            return;  // Killed after the claim; it will claim again.
        }
        queue_.pop_front();
        if (!granted) {
            return;
        }
        const unsigned kind = healthy ? 0 : below(6);
        if (kind == 5) {
            results_.push_back({id, CommandOutcome::kNotSent, now_});
            return;
        }
        frames_against_balance_ += is_trip && wish() != SwitchWish::kOff;
        if (kind != 3) {
            open_ = is_trip;
        } else if (below(2) == 0) {
            late_.push_back(is_trip);  // A serial server keeps it.
        }
        const bool proven = kind < 2;
        held_ = proven ? is_trip : held_;
        results_.push_back(
            {id, proven ? CommandOutcome::kVerified : CommandOutcome::kUnknown, now_});
    }

    void deliver_result() {
        if (results_.empty()) {
            return;
        }
        const Result result = results_.front();
        if (below(5) != 0) {
            results_.pop_front();  // Else it comes once more.
        }
        settle(meter_, result.intent_id, result.outcome, result.finish_time, context());
        save();
    }

    void act_late() {
        if (!late_.empty()) {
            open_ = late_.front();
            late_.pop_front();
        }
    }

    /// The gateway reads the meter: it undoes a trip that came late while nobody holds, takes a
    /// close that came late for the release, and tells how money's hold stands.
    void see_meter() {
        held_ = held_ && open_;
        open_ = held_;
        observe_hold(meter_, held_, now_);
        forget_failures(meter_);
        reconcile(meter_, context());
        save();
    }

    void step() {
        switch (below(9)) {
            case 8:
                act_late();
                break;
            case 0:
            case 1:
                post(Money::from_micros(-static_cast<std::int64_t>(below(4'000'000))));
                break;
            case 2:
                post(Money::from_micros(static_cast<std::int64_t>(below(8'000'000))));
                break;
            case 3:
                keep_power(below(2) == 0);
                break;
            case 4:
            case 5:
                wire(false);
                break;
            case 6:
                deliver_result();
                break;
            default:
                if (queue_.empty() && results_.empty() && below(2) == 0) {
                    see_meter();
                } else {
                    sweep();
                }
        }
    }

    void sweep() {
        expire_claims(meter_, std::chrono::minutes(15), context());
        reconcile(meter_, context());
        save();
    }

    /// From now on everything works; the sweeps go on.
    void settle_down() {
        for (int i = 0; i < 40; ++i) {
            act_late();
            if (queue_.empty() && results_.empty()) {
                see_meter();
            }
            wire(true);
            while (!results_.empty()) {
                deliver_result();
            }
            now_ += std::chrono::minutes(1);
            sweep();
        }
    }

    std::mt19937 random_;
    CreditTerms terms_;
    Money balance_ = Money::from_yuan(5);
    Instant now_ = from_micros(1'000'000'000'000);
    MeterSwitch meter_;
    bool open_ = false;
    bool held_ = false;      ///< Money's hold stands at the gateway.
    std::deque<bool> late_;  ///< What frames that were kept back will do to the relay.
    int frames_against_balance_ = 0;
    std::deque<std::string> queue_;
    std::deque<Result> results_;
};

}  // namespace

TEST_CASE("10,000 races leave no meter open with money, and none closed without (I-11, I-12)") {
    for (unsigned seed = 1; seed <= 10'000; ++seed) {
        INFO("seed " << seed);
        Race race(seed);
        race.run();
        race.check();
    }
}

}  // namespace prepay::account
