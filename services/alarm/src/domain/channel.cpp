#include "domain/channel.h"

#include <algorithm>
#include <set>

namespace prepay::alarm {
namespace {

bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool all_of(const std::string& text, const std::string& more) {
    return std::all_of(text.begin(), text.end(),
                       [&](char c) { return is_plain(c) || more.find(c) != std::string::npos; });
}

std::optional<ChannelProblem> check_webhook(const Channel& channel) {
    const bool has_scheme =
        channel.target.rfind("https://", 0) == 0 || channel.target.rfind("http://", 0) == 0;
    const bool is_printable = std::all_of(channel.target.begin(), channel.target.end(),
                                          [](char c) { return c > ' ' && c < 127; });
    if (!has_scheme || !is_printable || channel.target.size() > kTargetBytesMax) {
        return ChannelProblem{"BAD_TARGET", "target must be an http:// or https:// address"};
    }
    if (channel.secret.size() < kSecretBytesMin) {
        return ChannelProblem{"BAD_SECRET", "secret must have at least " +
                                                std::to_string(kSecretBytesMin) + " characters"};
    }
    return std::nullopt;
}

}  // namespace

bool is_idempotent(ChannelKind kind) {
    switch (kind) {
        case ChannelKind::kWebhook:
            return true;
        case ChannelKind::kEmail:
            break;
    }
    return false;
}

bool calls_target(ChannelKind kind) {
    switch (kind) {
        case ChannelKind::kWebhook:
            return true;
        case ChannelKind::kEmail:
            break;
    }
    return false;
}

bool is_mail_address(const std::string& text) {
    const auto at = text.find('@');
    if (at == std::string::npos || at == 0 || at > 64 || text.size() > 254) {
        return false;
    }
    const std::string local = text.substr(0, at);
    const std::string domain = text.substr(at + 1);
    const auto dot = domain.rfind('.');
    return all_of(local, ".!#$%&'*+/=?^_`{|}~-") && local.front() != '-' && all_of(domain, ".-") &&
           dot != std::string::npos && dot > 0 && dot + 1 < domain.size() &&
           domain.find("..") == std::string::npos && domain.front() != '.' &&
           domain.front() != '-' &&
           // A dotted number would be an address, not a name.
           !std::all_of(domain.begin(), domain.end(),
                        [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

bool is_recipient(ChannelKind kind, const std::string& text) {
    switch (kind) {
        case ChannelKind::kEmail:
        case ChannelKind::kWebhook:
            break;
    }
    return is_mail_address(text);
}

std::optional<ChannelProblem> check_channel(const Channel& channel) {
    if (channel.channel_id.empty() || channel.channel_id.size() > 64 ||
        !all_of(channel.channel_id, "-")) {
        return ChannelProblem{"BAD_CHANNEL_ID", "channel_id must be 1-64 letters, digits or -"};
    }
    std::set<int> seen;
    for (const int level : channel.levels) {
        if (level < 1 || level > kLevelCount || !seen.insert(level).second) {
            return ChannelProblem{"BAD_LEVEL", "levels must be different numbers of 1 .. 4"};
        }
    }
    for (const std::string& recipient : channel.extra_recipients) {
        if (!is_recipient(channel.kind, recipient)) {
            return ChannelProblem{"BAD_RECIPIENT", "an extra recipient is not a mail address"};
        }
    }
    if (channel.extra_recipients.size() > kExtraRecipientsMax) {
        return ChannelProblem{
            "TOO_MANY_RECIPIENTS",
            "at most " + std::to_string(kExtraRecipientsMax) + " extra recipients a channel"};
    }
    switch (channel.kind) {
        case ChannelKind::kWebhook:
            return check_webhook(channel);
        case ChannelKind::kEmail:
            break;
    }
    return std::nullopt;
}

bool covers(const Channel& channel, const std::string& site_id, int level) {
    const bool for_site = channel.site_id.empty() || channel.site_id == site_id;
    const bool for_level =
        channel.levels.empty() ||
        std::find(channel.levels.begin(), channel.levels.end(), level) != channel.levels.end();
    return channel.enabled && for_site && for_level;
}

std::vector<std::string> recipients_of(const Channel& channel, const std::string& customer_email) {
    switch (channel.kind) {
        case ChannelKind::kWebhook:
            return {channel.target};
        case ChannelKind::kEmail:
            break;
    }
    std::vector<std::string> recipients;
    const auto add = [&](const std::string& address) {
        if (is_recipient(channel.kind, address) &&
            std::find(recipients.begin(), recipients.end(), address) == recipients.end()) {
            recipients.push_back(address);
        }
    };
    add(customer_email);
    std::for_each(channel.extra_recipients.begin(), channel.extra_recipients.end(), add);
    return recipients;
}

bool goes_to_customer(ChannelKind kind, const std::string& recipient,
                      const std::string& customer_email) {
    switch (kind) {
        case ChannelKind::kEmail:
            return recipient == customer_email;
        case ChannelKind::kWebhook:
            break;
    }
    return false;
}

std::variant<std::string, ChannelProblem> test_recipient(const Channel& channel,
                                                         const std::string& wanted) {
    switch (channel.kind) {
        case ChannelKind::kWebhook:
            return channel.target;
        case ChannelKind::kEmail:
            break;
    }
    const std::string recipient = wanted.empty() && !channel.extra_recipients.empty()
                                      ? channel.extra_recipients.front()
                                      : wanted;
    if (!is_recipient(channel.kind, recipient)) {
        return ChannelProblem{"BAD_RECIPIENT", "recipient must be a mail address"};
    }
    return recipient;
}

std::string mask_recipient(const std::string& recipient) {
    const auto scheme = recipient.find("://");
    if (scheme != std::string::npos) {
        const auto slash = recipient.find_first_of("/?#", scheme + 3);
        // A part before "@" may hold credentials.
        const std::string authority = recipient.substr(scheme + 3, slash - scheme - 3);
        const auto at = authority.rfind('@');
        return recipient.substr(0, scheme + 3) +
               (at == std::string::npos ? authority : authority.substr(at + 1)) + "/***";
    }
    const auto at = recipient.find('@');
    if (recipient.empty() || at == std::string::npos || at == 0) {
        return recipient.empty() ? "" : "***";
    }
    return recipient.substr(0, 1) + "***" + recipient.substr(at);
}

}  // namespace prepay::alarm
