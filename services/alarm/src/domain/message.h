#pragma once

#include <string>
#include <vector>

#include "quantity/quantity.h"

namespace prepay::alarm {

/// What a message tells.
struct MessageFacts {
    int level = 1;
    std::vector<std::string> room_names;
    std::string customer_name;
    Money balance;
    bool keep_power = false;
    std::string pay_url;  ///< Tenant page; may be empty.
};

/// Chinese and English in one, UTF-8, lines end with \n.
struct MessageText {
    std::string subject;
    std::string body;
};

/// The text with the tenant's own link in each line that names the plain page.
std::string with_pay_link(const std::string& body, const std::string& pay_url,
                          const std::string& link);

MessageText compose(const MessageFacts& facts);
MessageText compose_test();

/// "remind", "urgent", "last", "cut".
const char* level_word(int level);

/// Yuan with two decimals, rounded down, so that nobody reads more than there is: -0.001 is
/// "-0.01".
std::string yuan_text(Money amount);

}  // namespace prepay::alarm
