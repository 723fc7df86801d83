import Crypto
import EmbeddedPod
import Foundation

/// What a pod runs unless the operator says otherwise: `deploy/afterburner/startup.sh`, compiled into the program.
package enum StartScript {
    package static let text: String = {
        var count = 0
        guard let bytes = embedded_start_script(&count) else { preconditionFailure("There is no start script.") }
        return String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
    }()

    /// By which the script sees whether it came as it was sent.
    package static let digest = SHA256.hash(data: Data(Self.text.utf8)).map { String(format: "%02x", $0) }.joined()

    static let command = FleetSettings.StartCommand(entrypoint: ["/bin/bash", "-c"], command: [Self.text])
}
