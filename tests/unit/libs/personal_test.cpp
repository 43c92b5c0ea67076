#include "rpc/personal.h"

#include <catch2/catch.hpp>

#include "prepay/account/v1/account.pb.h"

namespace prepay::rpc {

TEST_CASE("phone and e-mail are masked") {
    CHECK(mask_phone("13812345678") == "138****5678");
    CHECK(mask_phone("1234567") == "*******");
    CHECK(mask_phone("").empty());
    CHECK(mask_email("li@example.com") == "l***@example.com");
    CHECK(mask_email("no-at-sign") == "***");
    CHECK(mask_email("").empty());
}

TEST_CASE("S-23 who sells sees phone and e-mail, who looks and the tenant do not") {
    for (const Role role : {Role::kCashier, Role::kOperator, Role::kAdmin, Role::kService}) {
        CHECK(sees_personal(role));
    }
    for (const Role role : {Role::kNone, Role::kTenant, Role::kViewer}) {
        CHECK_FALSE(sees_personal(role));
    }
}

TEST_CASE("personal fields are masked at any depth, others are not touched") {
    account::v1::ListAccountsResponse response;
    for (const char* phone : {"13812345678", "1234567"}) {
        account::v1::Customer& customer = *response.add_accounts()->mutable_customer();
        customer.set_display_name("Li 13812345678");
        customer.set_phone(phone);
        customer.set_email("li@example.com");
    }
    mask_personal(response);
    CHECK(response.accounts(0).customer().phone() == "138****5678");
    CHECK(response.accounts(1).customer().phone() == "*******");
    CHECK(response.accounts(1).customer().email() == "l***@example.com");
    CHECK(response.accounts(0).customer().display_name() == "Li 13812345678");
    CHECK(can_hold_personal(*account::v1::GetRoomResponse::descriptor()));
    CHECK_FALSE(can_hold_personal(*account::v1::ListRoomsResponse::descriptor()));
}

}  // namespace prepay::rpc
