#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <thread>

#include "books/convert.h"
#include "integration/account/world.h"

namespace prepay::account::test {

/// One account that pays by phone.
struct Shop {
    World world{24};
    PayWorld pay{world};
    std::string account;
    Shop() {
        world.make_site();
        account = world.make_account("r1", 0);
    }
    std::string paid_order(std::int64_t micros = 50'000'000) {
        const auto started = pay.start(account, micros);
        REQUIRE(started.ok());
        REQUIRE(pay.provider->pay_order(started->order.order_id, nullptr).status == 200);
        return started->order.order_id;
    }
    void faults(const provider::Json& json) {
        provider::Faults faults = provider::Faults::from_json(json);
        faults.drop_notices = true;
        pay.provider->set_faults(faults);
    }
    std::int64_t suspense() {
        return world.count(
            "SELECT balance_micros FROM balances JOIN accounts USING (account_no)"
            " WHERE kind = 'suspense' AND site_id = 'park-1'");
    }
    std::int64_t balance() { return world.account(account).balance_micros(); }
};

}  // namespace prepay::account::test
