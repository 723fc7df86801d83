/// Our own name for a pod, like `a3f2`: it exists before the provider gives the pod an id, and after that id is gone.
///
/// Four hexadecimal digits as in the existing server, more when those are crowded.
package struct InstanceID: Hashable, Sendable, Comparable, Codable, CustomStringConvertible {
    package let text: String

    /// Nil for anything but 4 to 12 lower-case hexadecimal digits.
    package init?(_ text: String) {
        guard (4...12).contains(text.utf8.count), text.utf8.allSatisfy(Self.isHexadecimal) else { return nil }
        self.text = text
    }

    private init(digits: Int, of number: UInt64) {
        let hexadecimal = String(number, radix: 16)
        self.text = String((String(repeating: "0", count: 16) + hexadecimal).suffix(digits))
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    /// One that is not in use.
    ///
    /// Sixteen draws of four digits, then of five, and so on: the name gets longer before drawing takes long.
    /// - Parameter random: Draws 64 random bits.
    package static func draw(notIn used: Set<InstanceID>, random: () -> UInt64) -> InstanceID {
        for digits in 4..<12 {
            for _ in 0..<16 {
                let drawn = InstanceID(digits: digits, of: random())
                if !used.contains(drawn) { return drawn }
            }
        }
        return InstanceID(digits: 12, of: random())
    }

    package static let podPrefix = "cast2md-afterburner-"
    package static let nodePrefix = "RunPod Afterburner "

    /// The pod's name at the provider.
    package var podName: String { Self.podPrefix + self.text }

    /// The name under which its worker registers.
    package var nodeName: String { Self.nodePrefix + self.text }

    /// Its name in the tailnet.
    package var tailscaleHostname: String { "runpod-afterburner-\(self.text)" }

    /// Reads `cast2md-afterburner-a3f2`.
    package init?(podName: String) {
        guard podName.hasPrefix(Self.podPrefix) else { return nil }
        self.init(String(podName.dropFirst(Self.podPrefix.count)))
    }

    /// Reads `RunPod Afterburner a3f2`.
    package init?(nodeName: String) {
        guard nodeName.hasPrefix(Self.nodePrefix) else { return nil }
        self.init(String(nodeName.dropFirst(Self.nodePrefix.count)))
    }

    package static func < (left: InstanceID, right: InstanceID) -> Bool { left.text < right.text }

    package var description: String { self.text }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let instance = InstanceID(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "no instance id")
        }
        self = instance
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.text)
    }
}
