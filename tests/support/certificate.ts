import forge from 'node-forge';

/** A throw-away authority and a certificate it signed for `localhost` and 127.0.0.1, PEM. */
export function makeCertificate(): { ca: string; key: string; cert: string } {
  const caKeys = forge.pki.rsa.generateKeyPair(2048);
  const keys = forge.pki.rsa.generateKeyPair(2048);
  const issue = (publicKey: forge.pki.rsa.PublicKey, commonName: string, extensions: object[]): forge.pki.Certificate => {
    const certificate = forge.pki.createCertificate();
    certificate.publicKey = publicKey;
    certificate.serialNumber = commonName === 'Test CA' ? '01' : '02';
    certificate.validity.notBefore = new Date(Date.now() - 3_600_000);
    certificate.validity.notAfter = new Date(Date.now() + 86_400_000);
    certificate.setSubject([{ name: 'commonName', value: commonName }]);
    certificate.setIssuer([{ name: 'commonName', value: 'Test CA' }]);
    certificate.setExtensions(extensions);
    certificate.sign(caKeys.privateKey, forge.md.sha256.create());
    return certificate;
  };
  const ca = issue(caKeys.publicKey, 'Test CA', [{ name: 'basicConstraints', cA: true, critical: true }, { name: 'keyUsage', keyCertSign: true, critical: true }]);
  const names = [{ type: 2, value: 'localhost' }, { type: 7, ip: '127.0.0.1' }];
  const cert = issue(keys.publicKey, 'localhost', [{ name: 'subjectAltName', altNames: names }]);
  return { ca: forge.pki.certificateToPem(ca), key: forge.pki.privateKeyToPem(keys.privateKey), cert: forge.pki.certificateToPem(cert) };
}
