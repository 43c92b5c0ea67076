#pragma once

#include <optional>
#include <string>
#include <vector>

#include "domain/episode.h"

namespace prepay::alarm {

enum class ChannelKind { kEmail, kWebhook };

/// Whether whoever receives it knows a repetition by its key: a webhook by `Idempotency-Key`. A
/// mail keeps its Message-ID, but nobody promises to look at it.
constexpr bool is_idempotent(ChannelKind kind) { return kind == ChannelKind::kWebhook; }

/// A way to reach people about the accounts of one site, or of all.
struct Channel {
    std::string channel_id;
    std::string site_id;  ///< Empty = all sites.
    ChannelKind kind = ChannelKind::kEmail;
    bool enabled = true;
    std::string target;                         ///< Webhook address.
    std::string secret;                         ///< Webhook signing secret.
    std::vector<std::string> extra_recipients;  ///< E-mail.
    std::vector<int> levels;                    ///< Empty = all.
};

constexpr std::size_t kExtraRecipientsMax = 20;
constexpr std::size_t kSecretBytesMin = 16;
constexpr std::size_t kTargetBytesMax = 2048;

/// A rule a channel breaks; `reason` is stable.
struct ChannelProblem {
    std::string reason;
    std::string message;
};

/// Nothing when the channel may be stored. Reasons in order of precedence: BAD_CHANNEL_ID,
/// BAD_LEVEL, BAD_RECIPIENT, TOO_MANY_RECIPIENTS, BAD_TARGET, BAD_SECRET.
std::optional<ChannelProblem> check_channel(const Channel& channel);

/// "local@domain.tld" of printable ASCII without quoting; no address literal ("[127.0.0.1]").
bool is_mail_address(const std::string& text);

/// Whether the channel speaks about a level of an account of the site.
bool covers(const Channel& channel, const std::string& site_id, int level);

/// Whom the channel reaches for a customer, each once: mail addresses, or the webhook's address.
/// Addresses that are not valid are left out.
std::vector<std::string> recipients_of(const Channel& channel, const std::string& customer_email);

/// For eyes below admin: "l***@example.com", "https://example.com/***".
std::string mask_recipient(const std::string& recipient);

}  // namespace prepay::alarm
