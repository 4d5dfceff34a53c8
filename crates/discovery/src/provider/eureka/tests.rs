//! An answer of a Eureka server.

use super::*;
use crate::labels::shown;

#[test]
fn instances_become_targets() {
    let body = r#"<applications>
  <versions__delta>1</versions__delta>
  <application>
    <name>CONFIG-SERVICE</name>
    <instance>
      <instanceId>config-1</instanceId>
      <hostName>config.test</hostName>
      <app>CONFIG-SERVICE</app>
      <ipAddr>10.0.0.1</ipAddr>
      <status>UP</status>
      <port enabled="true">8080</port>
      <securePort enabled="false">8443</securePort>
      <countryId>1</countryId>
      <dataCenterInfo class="x"><name>MyOwn</name><metadata><zone.id>a</zone.id></metadata></dataCenterInfo>
      <metadata><management.port>8090</management.port></metadata>
      <homePageUrl>http://config.test:8080/</homePageUrl>
    </instance>
    <instance><hostName>bare</hostName></instance>
  </application>
</applications>"#;
    assert_eq!(
        shown(&groups(body).unwrap()),
        [
            "[eureka]",
            "__address__=config.test:8080 \
             eureka_app_instance_country_id=1 \
             eureka_app_instance_datacenterinfo_metadata_zone_id=a \
             eureka_app_instance_datacenterinfo_name=MyOwn \
             eureka_app_instance_homepage_url=http://config.test:8080/ \
             eureka_app_instance_hostname=config.test \
             eureka_app_instance_id=config-1 \
             eureka_app_instance_ip_addr=10.0.0.1 \
             eureka_app_instance_metadata_management_port=8090 \
             eureka_app_instance_port=8080 \
             eureka_app_instance_port_enabled=true \
             eureka_app_instance_secure_port=8443 \
             eureka_app_instance_secure_port_enabled=false \
             eureka_app_instance_status=UP \
             eureka_app_name=CONFIG-SERVICE \
             instance=config-1",
            "__address__=bare:80 eureka_app_instance_country_id=0 \
             eureka_app_instance_hostname=bare eureka_app_name=CONFIG-SERVICE",
        ]
    );
}
