<?php

declare(strict_types=1);

namespace Celerity;

/** Why a webhook is refused. */
enum WebhookFailure: string
{
    /** A header is not there, or not what it should be. */
    case BadHeader = 'bad header';
    /** It was signed too long ago, or in the future. */
    case Expired = 'expired';
    /** No signature fits the id, the timestamp and the body. */
    case BadSignature = 'bad signature';
    /** The body is signed, but is not an event. */
    case BadBody = 'bad body';
}
