#include "domain/message.h"

#include <array>
#include <sstream>

#include "core/assert.h"
#include "domain/episode.h"
#include "quantity/text.h"

namespace prepay::alarm {
namespace {

struct LevelWords {
    const char* word;
    const char* title_zh;
    const char* title_en;
    const char* advice_zh;
    const char* advice_en;
};

constexpr std::array<LevelWords, kLevelCount> kWords = {{
    {"remind", "一级预警(提醒):余额偏低", "Reminder: balance is low", "请及时充值。",
     "Please top up soon."},
    {"urgent", "二级预警(紧急):余额不足", "Urgent: balance is very low", "请尽快充值,以免断电。",
     "Please top up now to avoid a cut."},
    {"last", "三级预警(最后提醒):余额即将用完", "Last warning: balance is almost used up",
     "余额用完后将自动断电,请立即充值。",
     "Power is cut when the balance is used up. Please top up at once."},
    {"cut", "断电通知(欠费)", "Cut-off notice: balance is used up",
     "余额已用完,将断电或已断电。充值到账后自动恢复供电。",
     "The balance is used up: power is being cut or has been cut. It comes back by itself after a "
     "top-up."},
}};

// At the cut level of a room with keep-power, which is not cut.
constexpr LevelWords kKeptOnWords = {
    "cut", "欠费通知(保电房间,不断电)", "Balance is used up: keep-power, no cut",
    "余额已用完;本房间为保电房间,不断电。请充值。",
    "The balance is used up; this room has keep-power and is not cut. Please top up."};

const LevelWords& words_of(int level) {
    PREPAY_ASSERT(level >= 1 && level <= kLevelCount);
    return kWords[static_cast<std::size_t>(level - 1)];
}

std::string joined(const std::vector<std::string>& items) {
    std::string text;
    for (const std::string& item : items) {
        text += (text.empty() ? "" : ", ") + item;
    }
    return text.empty() ? "-" : text;
}

}  // namespace

const char* level_word(int level) { return words_of(level).word; }

std::string yuan_text(Money amount) {
    std::int64_t fen = amount.micros() / 10'000;
    if (amount.micros() % 10'000 < 0) {
        --fen;
    }
    return format_decimal(fen, 2, 2);
}

MessageText compose(const MessageFacts& facts) {
    const bool is_kept_on = facts.level == kCutLevel && facts.keep_power;
    const LevelWords& words = is_kept_on ? kKeptOnWords : words_of(facts.level);
    const std::string rooms = joined(facts.room_names);
    const std::string balance = yuan_text(facts.balance);
    MessageText text;
    text.subject = std::string(words.title_zh) + " / " + words.title_en + " – " + rooms + ", " +
                   balance + " yuan";
    text.body = (facts.customer_name.empty() ? "您好:" : facts.customer_name + ",您好:");
    text.body += std::string("\n\n") + words.title_zh + "\n房间:" + rooms +
                 "\n当前余额:" + balance + " 元\n";
    text.body += words.advice_zh;
    text.body += "可到收费处缴费,或在手机页面支付。\n";
    const std::string link = facts.pay_url.empty() ? "" : facts.pay_url + "\n";
    text.body += link + "\n----------------------------------------\n\n" + words.title_en +
                 "\nRoom: " + rooms + "\nBalance: " + balance + " yuan\n";
    text.body += words.advice_en;
    text.body += " Pay at the cash desk or on the phone page.\n" + link;
    return text;
}

std::string with_pay_link(const std::string& body, const std::string& pay_url,
                          const std::string& link) {
    std::string text;
    std::istringstream lines(body);
    for (std::string line; std::getline(lines, line);) {
        text += (line == pay_url ? link : line) + "\n";
    }
    return text;
}

MessageText compose_test() {
    return {"测试消息 / Test message – OpenPrepay",
            "这是一条测试消息,用于检查通知通道,无需处理。\n\n"
            "This is a test message to check a notification channel. Nothing to do.\n"};
}

}  // namespace prepay::alarm
