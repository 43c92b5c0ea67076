#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "support/provider/keys.h"

namespace prepay::provider {

using Json = nlohmann::json;

struct ProviderOptions {
    std::string state_file;  ///< orders.json; empty = memory only.
    std::vector<int> retry_ms = {1000, 2000, 5000, 10'000, 30'000, 60'000};
    std::size_t orders_max = 1'000'000;
};

/// What goes wrong on purpose. README.md explains each.
struct Faults {
    bool drop_notices = false;
    int repeat_notices = 1;
    int notice_delay_ms = 0;
    bool hold_notices = false;
    bool reorder = false;
    std::string corrupt_notice;
    Json lie = Json::object();
    bool use_certificate = false;
    int answer_status = 0;
    int answer_delay_ms = 0;
    bool answer_bad_signature = false;
    std::string answer_trade_state;
    std::string event_type;

    /// Throws std::runtime_error on an unknown key or a wrong type.
    static Faults from_json(const Json& json);
    [[nodiscard]] Json to_json() const;
};

/// An HTTP answer before it is signed.
struct Reply {
    int status = 200;
    Json body;  ///< null = empty body.
};

/// Headers and body of a signed message.
struct SignedMessage {
    std::string timestamp;
    std::string nonce;
    std::string signature;
    std::string serial;
    std::string body;
};

/// The provider: orders, payments and notices of one merchant. Thread-safe; sends notices from
/// threads of its own.
class Provider {
public:
    Provider(Keys keys, ProviderOptions options);
    ~Provider();
    Provider(const Provider&) = delete;
    Provider& operator=(const Provider&) = delete;

    /// Empty when the Authorization value is genuine; else what is wrong.
    std::string check_authorization(const std::string& value, const std::string& method,
                                    const std::string& path, const std::string& body);
    Reply create_prepay(const Json& request);
    Reply query(const std::string& order_no, const std::string& mchid);
    Reply close(const std::string& order_no, const Json& request);
    /// What WeixinJSBridge would do with its parameters.
    Reply pay(const Json& client_parameters);
    Reply pay_order(const std::string& order_no, const Json& request);
    Reply notify_again(const std::string& order_no);
    Reply orders();
    Reply order(const std::string& order_no);
    void release();
    Json log(std::int64_t from);
    void note(const std::string& kind, const std::string& order_no, int status,
              const std::string& detail);

    Faults faults();
    void set_faults(const Faults& faults);

    /// Signs an answer of a /v3 call.
    SignedMessage sign_answer(const std::string& body);
    /// A notice as it would be sent now under the present faults. Tests send these themselves.
    SignedMessage make_notice(const std::string& order_no);

    [[nodiscard]] const Keys& keys() const { return keys_; }

private:
    struct Order;
    struct Delivery {
        std::string order_no;
        std::int64_t due_ms = 0;  ///< Steady clock.
        std::size_t attempt = 0;
    };
    Reply mark_paid(Order& order, std::int64_t total);
    void schedule(const std::string& order_no);
    void deliver_loop(const std::stop_token& stop);
    void deliver(Delivery delivery);
    SignedMessage sign(const std::string& body, const Faults& faults);
    Json transaction_of(const Order& order) const;
    void save();
    void load();

    Keys keys_;
    ProviderOptions options_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    Faults faults_;
    std::map<std::string, Order> orders_;
    std::map<std::string, std::string> prepay_ids_;
    std::deque<std::string> nonces_;
    std::vector<Delivery> due_;
    std::vector<Delivery> held_;
    std::deque<Json> log_;
    std::int64_t log_count_ = 0;
    std::vector<std::jthread> workers_;
};

}  // namespace prepay::provider
