import CastCore
import CastStore

/// Whether a node is told where the publisher has a job's audio.
enum AudioOffer {
    /// - Returns: Nil unless the setting includes the node, the file is known byte by byte, and the feed is
    ///   one that anybody may read: neither it nor the audio has an address that is somebody's own, and it does not ask to
    ///   be left out of directories.
    static func source(
        of claim: JobStore.Claim, for node: Node, _ configuration: ServerConfiguration
    ) -> AudioSource? {
        guard configuration.nodeAudioFromPublisher.includes(nodeNamed: node.name), let source = claim.source,
            source.size == claim.episode.audioSize,
            // Single episodes have no feed that could be private.
            claim.feedURL == Feed.addedURL || (!claim.isUnlisted && Self.isPublic(claim.feedURL, configuration)),
            Self.isPublic(source.url, configuration)
        else { return nil }
        return source
    }

    private static func isPublic(_ address: String, _ configuration: ServerConfiguration) -> Bool {
        AddressPrivacy.isPublic(address, allowsOwnNetwork: configuration.allowPrivateAddresses)
    }
}
