#include "tenancy/domain/customer.h"

#include <algorithm>

namespace prepay::account {
namespace {

constexpr std::size_t kTextMax = 200;
constexpr std::size_t kPhoneMax = 40;

// One @ with something on both sides, no blanks, quotes or control characters: what may stand in
// the header of a mail. Whether somebody reads it there, only a mail can tell.
bool is_email(const std::string& text) {
    const std::size_t at = text.find('@');
    return at != std::string::npos && at > 0 && at + 1 < text.size() && at == text.rfind('@') &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return static_cast<unsigned char>(c) > 0x20 && c != 0x7F && c != '"' && c != ',' &&
                      c != ';' && c != '<' && c != '>';
           });
}

// A number that can be dialled, as people write it.
bool is_phone(const std::string& text) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    return std::count_if(text.begin(), text.end(), is_digit) >= 3 &&
           text.find_first_not_of("0123456789 +-()/") == std::string::npos;
}

}  // namespace

std::string problem_of(const NewCustomer& customer) {
    if (customer.display_name.empty() || customer.display_name.size() > kTextMax ||
        customer.phone.size() > kPhoneMax || customer.email.size() > kTextMax) {
        return "a customer needs a display_name of 1 .. 200 bytes, a phone of at most"
               " 40 and an e-mail of at most 200";
    }
    if (!customer.email.empty() && !is_email(customer.email)) {
        return "the e-mail must be like name@example.org";
    }
    if (!customer.phone.empty() && !is_phone(customer.phone)) {
        return "the phone has at least three digits, and beside them only blanks"
               " and + - ( ) /";
    }
    return {};
}

}  // namespace prepay::account
