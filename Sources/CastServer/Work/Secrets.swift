import Foundation

/// Makes the texts that nobody may guess.
enum Secrets {
    /// 43 characters of URL-safe base64 over 32 random bytes, as the existing server's node keys.
    static func key() -> String {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        return Data(bytes).base64EncodedString()
            .replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
            .replacingOccurrences(of: "=", with: "")
    }
}
