#pragma once

#include <array>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "domain/episode.h"

namespace prepay::alarm {

/// What differs between kinds is asked here, each a switch that names all of them.
enum class ChannelKind { kEmail, kWebhook };
inline constexpr std::array kChannelKinds = {ChannelKind::kEmail, ChannelKind::kWebhook};

/// Whether whoever receives it knows a repetition by its key: a webhook by `Idempotency-Key`. A
/// mail keeps its Message-ID, but nobody promises to look at it.
bool is_idempotent(ChannelKind kind);

/// Whether whoever edits channels chooses the address that is called: it must not be an internal
/// one (S-16). The mail server is the operator's own choice in the configuration.
bool calls_target(ChannelKind kind);

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

/// Whether a channel of this kind may name it among its extra recipients. A webhook reaches none of
/// them.
bool is_recipient(ChannelKind kind, const std::string& text);

/// Whether the channel speaks about a level of an account of the site.
bool covers(const Channel& channel, const std::string& site_id, int level);

/// Whom the channel reaches for a customer, each once: mail addresses, or the webhook's address.
/// Addresses that are not valid are left out.
std::vector<std::string> recipients_of(const Channel& channel, const std::string& customer_email);

/// Whether a message to this recipient is for the customer's eyes only and may carry the tenant's
/// own pay link.
bool goes_to_customer(ChannelKind kind, const std::string& recipient,
                      const std::string& customer_email);

/// Whom a test of the channel reaches: `wanted`, or else whom the channel names. Reason
/// BAD_RECIPIENT.
std::variant<std::string, ChannelProblem> test_recipient(const Channel& channel,
                                                         const std::string& wanted);

/// For eyes below admin: "l***@example.com", "https://example.com/***".
std::string mask_recipient(const std::string& recipient);

}  // namespace prepay::alarm
