/// A name that somebody else gave to a thing; `Subject` keeps a pod's id from passing for a GPU's.
package struct TextIdentifier<Subject>: Hashable, Sendable, Codable, CustomStringConvertible,
    ExpressibleByStringLiteral
{
    package var rawValue: String

    package init(_ rawValue: String) { self.rawValue = rawValue }

    package init(stringLiteral value: String) { self.rawValue = value }

    package init(from decoder: any Decoder) throws {
        self.rawValue = try decoder.singleValueContainer().decode(String.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.rawValue)
    }

    package var description: String { self.rawValue }
}

package enum PodSubject {}
package enum GPUSubject {}
package enum DataCentreSubject {}

/// The provider's own id of a pod.
package typealias PodID = TextIdentifier<PodSubject>

/// The provider's full id of a GPU type, like `NVIDIA RTX A5000`.
///
/// Not the display name (`RTX A5000`), and always compared as a whole: `NVIDIA L4` is neither `NVIDIA L40` nor L40S.
package typealias GPUID = TextIdentifier<GPUSubject>

/// A data centre, like `EU-RO-1`; the provider spells them in upper case.
package typealias DataCentreID = TextIdentifier<DataCentreSubject>

/// Whose machines: the provider's own (dearer, safer), or those of its hosts.
package enum Cloud: String, Sendable, Codable, CaseIterable, Hashable {
    case community
    case secure
}

/// A CUDA version, compared by its numbers: 12.11 is newer than 12.2.
package struct CUDAVersion: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
    package var major: Int
    package var minor: Int

    package init(major: Int, minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// Reads `12.8`; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ (1...3).contains($0.count) && $0.allSatisfy(\.isASCIIDigit) }),
            let major = Int(parts[0]), let minor = Int(parts[1])
        else { return nil }
        self.major = major
        self.minor = minor
    }

    package static func < (left: CUDAVersion, right: CUDAVersion) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }

    package var description: String { "\(self.major).\(self.minor)" }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}
