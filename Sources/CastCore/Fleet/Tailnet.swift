package import Foundation

/// Keys with which pods join the server's tailnet, and the devices that they become there.
///
/// A bag of calls, so that a test replaces the one it is about. Nil in its place: pods use a secret that is kept at the
/// provider, and their devices vanish by themselves.
package struct Tailnet: Sendable {
    /// Makes a key for one pod: good for one device, for a short time.
    package var mintKey: @Sendable (InstanceID) async throws(TailnetFailure) -> TailnetKey

    /// Removes the devices that a pod has left behind; none there is a success.
    package var removeDevices: @Sendable (TailnetDevice) async throws(TailnetFailure) -> Void

    package init(
        mintKey: @escaping @Sendable (InstanceID) async throws(TailnetFailure) -> TailnetKey,
        removeDevices: @escaping @Sendable (TailnetDevice) async throws(TailnetFailure) -> Void
    ) {
        self.mintKey = mintKey
        self.removeDevices = removeDevices
    }
}

/// What is known of a pod's device.
package struct TailnetDevice: Sendable, Equatable {
    package var hostname: String
    /// As the pod itself told; proof of nothing.
    package var address: String?
    /// No device of the pod is older.
    package var since: Date

    package init(hostname: String, address: String? = nil, since: Date) {
        self.hostname = hostname
        self.address = address
        self.since = since
    }
}

/// A key for the tailnet; it is never printed.
package struct TailnetKey: Sendable, Equatable {
    package let text: String
    /// What a device that joins with it is; it may ask for no other tags.
    package let tags: [String]

    package init(_ text: String, tags: [String]) {
        self.text = text
        self.tags = tags
    }

    /// Text of others that may repeat what we sent, without the key.
    package func removed(from other: String) -> String {
        self.text.isEmpty ? other : other.replacingOccurrences(of: self.text, with: "[key]")
    }
}

extension TailnetKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "[key]" }
    package var debugDescription: String { "[key]" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why the tailnet's control did not do what it was asked.
package struct TailnetFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// Whether the same request will fail again: a wrong credential, a tag that is not allowed.
    package var isLasting: Bool
    /// For people, without a period, and never with a credential in it.
    package var description: String
    /// The HTTP status, where there was one.
    package var status: Int?

    package init(_ description: String, isLasting: Bool, status: Int? = nil) {
        self.description = description
        self.isLasting = isLasting
        self.status = status
    }
}
