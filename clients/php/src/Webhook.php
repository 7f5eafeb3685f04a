<?php

declare(strict_types=1);

namespace Celerity;

use Celerity\Exception\WebhookException;
use Celerity\Internal\Json;

/** Webhooks that the gateway sends: Standard Webhooks 1.0, signatures `v1` (HMAC-SHA256). */
final class Webhook
{
    /** Seconds that the clocks of sender and receiver may be apart. */
    public const TOLERANCE = 300;

    private const MAX_SIGNATURES = 16;
    /** Visible ASCII but the dot: with one, another cut between id and timestamp would have the same signature. */
    private const ID = '~^[!-\-/-\~]{1,255}$~D';

    /**
     * Checks a webhook.
     *
     * @param string $body the bytes as they came, such as those of `php://input`
     * @param array<string, string|array<string>> $headers by name in any case, as of `getallheaders()` or a PSR-7 request
     * @param string|list<string> $secrets `whsec_...`; several while one replaces another: a signature of any will do
     * @param int|null $now seconds since 1970, for tests
     * @param int $tolerance seconds
     * @throws WebhookException when it is not to be trusted
     */
    public static function verify(
        string $body,
        array $headers,
        #[\SensitiveParameter]
        string|array $secrets,
        ?int $now = null,
        int $tolerance = self::TOLERANCE,
    ): WebhookEvent {
        if ($secrets === []) {
            throw new \InvalidArgumentException('Webhooks are checked with at least one secret.');
        }
        $keys = array_map(self::key(...), (array) $secrets);
        $id = self::header($headers, 'webhook-id');
        if (preg_match(self::ID, $id) !== 1) {
            throw new WebhookException(WebhookFailure::BadHeader, 'webhook-id is no id.');
        }
        $timestamp = self::header($headers, 'webhook-timestamp');
        if (preg_match('/^\d{1,12}$/D', $timestamp) !== 1) {
            throw new WebhookException(WebhookFailure::BadHeader, 'webhook-timestamp is no number of seconds.');
        }
        if (abs(($now ?? time()) - (int) $timestamp) > $tolerance) {
            throw new WebhookException(WebhookFailure::Expired, "The webhook was signed at $timestamp, too far from now.");
        }
        if (!self::isSigned("$id.$timestamp.$body", self::header($headers, 'webhook-signature'), $keys)) {
            throw new WebhookException(WebhookFailure::BadSignature, 'No signature fits the webhook.');
        }
        $event = Json::tryDecode($body);
        if (!is_string($event['type'] ?? null)) {
            throw new WebhookException(WebhookFailure::BadBody, 'The body is not an event.');
        }
        $data = is_array($event['data'] ?? null) ? $event['data'] : [];
        return new WebhookEvent($id, new \DateTimeImmutable("@$timestamp"), $event['type'], $data);
    }

    private static function key(#[\SensitiveParameter] string $secret): string
    {
        $base64 = str_starts_with($secret, 'whsec_') ? substr($secret, strlen('whsec_')) : $secret;
        $bytes = base64_decode($base64, true);
        if ($bytes === false || $bytes === '') {
            throw new \InvalidArgumentException('A webhook secret is whsec_ and the base64 of its bytes.');
        }
        return $bytes;
    }

    /** @param array<string, string|array<string>> $headers */
    private static function header(array $headers, string $wanted): string
    {
        foreach ($headers as $name => $value) {
            if (strcasecmp((string) $name, $wanted) === 0) {
                return is_array($value) ? implode(',', $value) : $value;
            }
        }
        throw new WebhookException(WebhookFailure::BadHeader, "The header $wanted is missing.");
    }

    /**
     * Signatures of other versions than `v1` are passed over.
     *
     * @param list<string> $keys
     */
    private static function isSigned(string $content, string $signatures, array $keys): bool
    {
        $given = explode(' ', $signatures);
        if (count($given) > self::MAX_SIGNATURES) {
            throw new WebhookException(WebhookFailure::BadHeader, 'webhook-signature has too many signatures.');
        }
        foreach ($keys as $key) {
            $signature = 'v1,' . base64_encode(hash_hmac('sha256', $content, $key, true));
            foreach ($given as $candidate) {
                if (hash_equals($signature, $candidate)) {
                    return true;
                }
            }
        }
        return false;
    }
}
